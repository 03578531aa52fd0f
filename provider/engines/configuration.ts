import type { RuntimeAccess } from "../lifecycle";
import type { PropertySchema } from "../schema/model";

/** What an engine's configuration may hold; each is looked up in the environment too, as `MICROVM_PRIVATE_KEY` and so on. */
export const settings: Readonly<Record<string, PropertySchema>> = {
  privateKey: { type: "string", description: "Private key as text, PEM or OpenSSH.", "x-secret": true },
  privateKeyFile: { type: "string", description: "Private key file on the machine that runs the program." },
  passphrase: { type: "string", description: "Passphrase of the private key.", "x-secret": true },
  password: { type: "string", description: "Password to log in with.", "x-secret": true },
  agent: { type: "string", description: "Socket of an SSH agent. Default: `SSH_AUTH_SOCK`." },
  trace: { type: "string", description: "File that gets a line of JSON for each round trip." },
};

/** Setting of a stack that is not for the provider: in which form the SDK registers resources. */
export const formSetting = "form";

/** What an engine knows of its stack's configuration. Keys have a namespace, e.g. `microvm:privateKeyFile`. */
export interface Configuration {
  get(key: string): string | undefined;
}

/** What to log in with where the program gives nothing, looked up at run time: the configuration, then the environment. */
export function accessFrom(config: Configuration, environment: NodeJS.ProcessEnv = process.env): RuntimeAccess {
  const given = (key: string) => {
    const variable = `MICROVM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    return config.get(`microvm:${key}`) || environment[variable] || undefined;
  };
  const trace = config.get("microvm:trace");
  if (trace) environment.MICROVM_TRACE = trace;
  const credentials = present({
    privateKey: given("privateKey"),
    passphrase: given("passphrase"),
    password: given("password"),
  });
  return present({ credentials, privateKeyFile: given("privateKeyFile"), agent: given("agent") });
}

function present<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
