module microvm-go

go 1.25.8

require (
	github.com/pulumi/pulumi/sdk/v3 v3.230.0
	pulumi-microvm/sdk/go v0.0.0
)

// Written by `npm run sdks`; then `go mod tidy`. Elsewhere:
// `pulumi package add node_modules/pulumi-microvm/plugin/pulumi-resource-microvm`.
replace pulumi-microvm/sdk/go => ../../dist/sdks/go
