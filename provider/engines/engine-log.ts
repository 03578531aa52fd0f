import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** How something is told: until the next such sentence, or in the diagnostics too. */
export type Manner = "passing" | "lasting";

/** How long a sentence may take to arrive, in milliseconds. */
const patience = 5_000;

// Of this package's own copy of gRPC: a client of another copy takes no credentials of this one.
const Client = grpc.makeGenericClientConstructor(EngineService as unknown as grpc.ServiceDefinition, "Engine");

/** Tells Pulumi's engine what goes on, on the row of the resource that it is about. */
export class EngineLog {
  private readonly client: InstanceType<typeof Client>;

  constructor(address: string) {
    // It is on this machine, whatever proxy the environment names for others.
    this.client = new Client(address, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  }

  say(urn: string, message: string, manner: Manner): Promise<void> {
    const request = new LogRequest();
    request.setUrn(urn);
    request.setMessage(message);
    request.setSeverity(LogSeverity.INFO);
    request.setEphemeral(manner === "passing");
    const log = this.client.log as (request: LogRequest, options: grpc.CallOptions, done: () => void) => void;
    // Work does not fail because nobody hears of it; an engine that is gone is noticed by `whenGone`.
    return new Promise((resolve) => log.call(this.client, request, { deadline: Date.now() + patience }, resolve));
  }

  /** Calls back once the engine, having been there, is there no more: nobody ends its plugins then. */
  whenGone(then: () => void): void {
    const channel = this.client.getChannel();
    let wasThere = false;
    const look = () => {
      // A connection that nobody used for long is closed too; so look whether there is another to be had.
      const state = channel.getConnectivityState(true);
      wasThere ||= state === grpc.connectivityState.READY;
      if (wasThere && state === grpc.connectivityState.TRANSIENT_FAILURE) then();
      else if (state !== grpc.connectivityState.SHUTDOWN) channel.watchConnectivityState(state, Infinity, look);
    };
    look();
  }

  close(): void {
    this.client.close();
  }
}
