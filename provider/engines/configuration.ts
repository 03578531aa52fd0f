import type { RuntimeAccess } from "../lifecycle";

/** What an engine knows of its stack's configuration. Keys have a namespace, e.g. `microvm:privateKeyFile`. */
export interface Configuration {
  get(key: string): string | undefined;
}

/**
 * What to log in with where the program gives nothing, looked up at run time: `microvm:privateKey`, `privateKeyFile`,
 * `passphrase`, `password` and `agent` of the stack's configuration, then `MICROVM_PRIVATE_KEY` and so on of the
 * environment. `microvm:trace` is `MICROVM_TRACE`.
 */
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

/** The secrets among an object's properties, to be taken out of everything that people see. */
export function secretsOf(properties: Record<string, unknown>): string[] {
  const { credentials, privateKey, passphrase, password } = properties;
  const nested = credentials !== null && typeof credentials === "object" ? Object.values(credentials) : [];
  return [privateKey, passphrase, password, ...nested].filter((value) => typeof value === "string");
}
