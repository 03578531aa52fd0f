// From a bare machine to a microVM that answers.
//
//	pulumi config set address 203.0.113.10
//	pulumi config set hostKey "$(ssh-keyscan -t ed25519 203.0.113.10 | cut -d' ' -f2-)"   what the host has to show; compare it
//	pulumi config set user root                                            or one that may run `sudo -n`
//	pulumi config set publicKey "$(cat ~/.ssh/id_ed25519.pub)"             who may log in to the guest
//	pulumi config set microvm:privateKeyFile ~/.ssh/id_ed25519             unless an agent or ~/.ssh/config knows
package main

import (
	"pulumi-microvm/sdk/go/microvm"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")
	args := &microvm.HostArgs{
		Address: pulumi.String(settings.Require("address")),
		HostKey: pulumi.String(settings.Require("hostKey")),
	}
	if port, err := settings.TryInt("port"); err == nil {
		args.Port = pulumi.Int(port)
	}
	if user, err := settings.Try("user"); err == nil {
		args.User = pulumi.String(user)
	}
	host, err := microvm.NewHost(ctx, "metal", args)
	if err != nil {
		return err
	}
	vmm, err := microvm.NewVmm(ctx, "qemu", &microvm.VmmArgs{Host: host.Reference, Kind: pulumi.String("qemu")})
	if err != nil {
		return err
	}
	kernel, err := microvm.NewKernel(ctx, "linux", &microvm.KernelArgs{
		Host:   host.Reference,
		Source: &microvm.KernelSourceArgs{Distribution: pulumi.String("default")},
	})
	if err != nil {
		return err
	}
	rootfs, err := microvm.NewRootfsImage(ctx, "debian", &microvm.RootfsImageArgs{
		Host: host.Reference,
		Source: &microvm.RootfsImageSourceArgs{Debian: &microvm.RootfsImageSourceDebianArgs{
			Suite:    pulumi.String("bookworm"),
			Packages: pulumi.ToStringArray([]string{"openssh-server"}),
		}},
	})
	if err != nil {
		return err
	}
	network, err := microvm.NewNetwork(ctx, "lan", &microvm.NetworkArgs{
		Host: host.Reference,
		Cidr: pulumi.String("172.30.0.0/24"),
	})
	if err != nil {
		return err
	}
	vm, err := microvm.NewMicroVM(ctx, "web", &microvm.MicroVMArgs{
		Host:              host.Reference,
		Vmm:               vmm.Reference,
		Kernel:            kernel.Reference,
		Rootfs:            rootfs.Reference,
		Accelerator:       host.Virtualization.ApplyT(acceleratorFor).(pulumi.StringOutput),
		Memory:            pulumi.Int(256),
		Interfaces:        microvm.MicroVMInterfaceArray{&microvm.MicroVMInterfaceArgs{Network: network.Reference}},
		SshAuthorizedKeys: pulumi.ToStringArray([]string{settings.Require("publicKey")}),
		Ready:             &microvm.MicroVMReadyArgs{Ssh: pulumi.Bool(true)},
	})
	if err != nil {
		return err
	}
	ctx.Export("address", vm.IpAddress)
	ctx.Export("bootMillis", vm.BootMillis)
	ctx.Export("ssh", vm.SshCommand)
	return nil
}

// Software emulation only where the host has no KVM that works, and only because this is a demonstration.
func acceleratorFor(virtualization string) string {
	if virtualization == "kvm" {
		return "kvm"
	}
	return "tcg"
}
