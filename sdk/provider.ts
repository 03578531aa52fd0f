import * as pulumi from "@pulumi/pulumi";
import { settings } from "../provider/engines/configuration";
import { packageName } from "../provider/engines/pulumi-package";
import { needsPlugin } from "./form";

/** How hosts are logged in to where a `Host` does not say it. */
export interface ProviderArgs {
  /** Private key as text, PEM or OpenSSH. */
  privateKey?: pulumi.Input<string>;
  /** Private key file on the machine that runs the program. */
  privateKeyFile?: pulumi.Input<string>;
  /** Passphrase of the private key. */
  passphrase?: pulumi.Input<string>;
  /** Password to log in with. */
  password?: pulumi.Input<string>;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. */
  agent?: pulumi.Input<string>;
  /** File that gets a line of JSON for each round trip. */
  trace?: pulumi.Input<string>;
}

/**
 * The plugin with settings of its own, for resources that are given it as their `provider`. Without one they have the
 * stack's configuration. In the plugin form only.
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    needsPlugin(`Provider ${name}`);
    const secrets = Object.entries(args).filter(([key, value]) => settings[key]?.["x-secret"] && value !== undefined);
    super(
      packageName,
      name,
      { ...args, ...Object.fromEntries(secrets.map(([key, value]) => [key, pulumi.secret(value)])) },
      opts,
    );
  }
}
