import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { makeCertificate } from "./terraform-certificate";
import { controllerService } from "./terraform-protocol";

/** A process as Terraform's plugin library, go-plugin, expects it: how it is greeted, spoken to and ended. */

/** Terraform tells a plugin by this that it was Terraform who started it. No secret. */
const cookie = {
  name: "TF_PLUGIN_MAGIC_COOKIE",
  value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
};

/** Of the handshake. */
const coreVersion = 1;
/** Of what is spoken after it. */
const protocolVersion = 6;

/** Terraform's own bound; that of the library, 4 MiB, would cut off large states. */
const largestMessage = 256 << 20;

/** How often it is looked whether the process that started this one still lives, in milliseconds. */
const parentCheck = 1_000;

export function startedByTerraform(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[cookie.name] === cookie.value;
}

export interface Service {
  definition: ServiceDefinition;
  implementation: UntypedServiceImplementation;
  /** Called once, when the process is to end: stops what is going on, and settles when it may. */
  end: () => Promise<void>;
}

/** How long the end may take, in milliseconds. Terraform kills a plugin that has not ended after two seconds. */
const patience = 1_500;

/** Serves until Terraform asks for the end, or is gone. */
export async function serve({ definition, implementation, end }: Service, environment = process.env): Promise<void> {
  const versions = (environment.PLUGIN_PROTOCOL_VERSIONS ?? "").split(",");
  if (!versions.includes(String(protocolVersion))) {
    throw new Error(`this Terraform does not speak version ${protocolVersion} of the plugin protocol`);
  }
  const theirs = environment.PLUGIN_CLIENT_CERT;
  if (!theirs) throw new Error("this Terraform shows no certificate, and nobody else is let in");
  const ours = makeCertificate();
  const server = new Server({
    "grpc.max_receive_message_length": largestMessage,
    "grpc.max_send_message_length": largestMessage,
  });
  let ending = false;
  const leave = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(0), patience).unref();
    const exit = () => server.tryShutdown(() => process.exit(0));
    end().then(exit, exit);
  };
  server.addService(definition, implementation);
  server.addService(controllerService, {
    Shutdown: (_call: unknown, answer: (error: null, response: object) => void) => {
      answer(null, {});
      leave();
    },
  });
  const identity = { private_key: Buffer.from(ours.privateKey), cert_chain: Buffer.from(ours.certificate) };
  const credentials = ServerCredentials.createSsl(Buffer.from(theirs), [identity], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  // A terminal's Ctrl-C reaches this process too; Terraform says itself what is to be stopped then.
  process.on("SIGINT", () => {});
  process.once("SIGTERM", leave);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && leave(), parentCheck).unref();
  const certificate = ours.der.toString("base64").replace(/=+$/, "");
  process.stdout.write(`${coreVersion}|${protocolVersion}|tcp|127.0.0.1:${port}|grpc|${certificate}\n`);
}

/** A line for Terraform's log, which shows with `TF_LOG`; in the form of the library that reads it. */
export function log(message: string, level: "info" | "warn" | "error" = "info"): void {
  // It takes times of six decimals only.
  const timestamp = new Date().toISOString().replace("Z", "000Z");
  process.stderr.write(
    `${JSON.stringify({ "@level": level, "@message": message, "@module": "microvm", "@timestamp": timestamp })}\n`,
  );
}
