import type * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { decode } from "../../provider/engines/pulumi-values";
import type { PartialFailure } from "./engine-driver";

/** What Pulumi is to keep of an operation that failed half-way. */
export interface Kept {
  id: string;
  properties: Record<string, unknown>;
  inputs: Record<string, unknown>;
  reasons: string[];
}

/** What a failed call says is to be kept, as Pulumi's engine finds it; undefined where that is nothing. */
export function keptBy({ metadata }: grpc.ServiceError): Kept | undefined {
  const [packed] = metadata?.get("grpc-status-details-bin") ?? [];
  if (!packed) return undefined;
  const [detail] = Status.deserializeBinary(packed as Buffer).getDetailsList();
  const kept = detail?.unpack(ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
  if (!kept) return undefined;
  return {
    id: kept.getId(),
    properties: kept.getProperties()?.toJavaScript() ?? {},
    inputs: kept.getInputs()?.toJavaScript() ?? {},
    reasons: kept.getReasonsList(),
  };
}

/** Rejects as the drivers of engines do. */
export async function keeping<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const kept = keptBy(error as grpc.ServiceError);
    const failure: PartialFailure = new Error((error as grpc.ServiceError).details);
    if (kept) failure.state = decode(kept.properties);
    throw failure;
  }
}
