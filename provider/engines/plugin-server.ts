import * as grpc from "@grpc/grpc-js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { ProviderHandshakeRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { closeOnExit } from "./closing";
import { EngineLog } from "./engine-log";
import { Plugin } from "./plugin";

/** The process that Pulumi's engine starts: `pulumi-resource-microvm [ENGINE ADDRESS]`. */

const operations = [
  "getPluginInfo",
  "getSchema",
  "checkConfig",
  "diffConfig",
  "configure",
  "check",
  "diff",
  "create",
  "update",
  "read",
  "delete",
  "invoke",
  "cancel",
] as const;

/** Large enough for files and archives that are given as text. */
const maxMessage = 400 * 1024 * 1024;

/** Serves the plugin, and tells on which port: the only line that the process ever prints. */
export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  let log: EngineLog | undefined;
  const plugin = new Plugin(async (urn, message, manner) => log?.say(urn, message, manner));
  const engineAt = (address: string | undefined) => {
    if (!address) return;
    log?.close();
    log = new EngineLog(address);
    log.whenGone(() => {
      void plugin.cancel();
      process.kill(process.pid, "SIGTERM");
    });
  };
  closeOnExit();
  // Options of the engine's own, such as where to send traces, come before its address.
  engineAt(args.findLast((arg) => !arg.startsWith("-")));
  const server = new grpc.Server({ "grpc.max_receive_message_length": maxMessage });
  server.addService(ResourceProviderService as unknown as grpc.ServiceDefinition, {
    ...Object.fromEntries(operations.map((name) => [name, served((request) => plugin[name](request as never))])),
    handshake: served((request: ProviderHandshakeRequest) => {
      engineAt(request.getEngineAddress());
      return plugin.handshake(request);
    }),
    // Of a plugin that was started by hand the engine is one that comes later.
    attach: served(async (request: PluginAttach) => {
      engineAt(request.getAddress());
      return new Empty();
    }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
}

function served<Request, Response>(
  work: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return ({ request }, done) => {
    work(request).then(
      (response) => done(null, response),
      (error) => done(error),
    );
  };
}
