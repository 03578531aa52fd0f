import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { MicrovmError } from "../errors";
import { resolveTarget, type Target } from "./client-config";
import { SshConnection } from "./connection";
import type { Endpoint } from "./contract";
import { keyFamilies, type LoggedIn, logIn, openSocket, pins } from "./login";
import { trace } from "./trace";

/** Milliseconds between two tries to reach a machine that starts. */
const bootPause = 2_000;

/**
 * Dials, verifies the host's key and logs in, through the jump hosts if there are any. As long as `deadlines.boot` says,
 * a machine where nothing listens is one that starts.
 */
export async function dial(endpoint: Endpoint): Promise<SshConnection> {
  const target = resolveTarget(endpoint);
  const until = performance.now() + target.boot;
  for (;;) {
    try {
      return await dialOnce(endpoint, target);
    } catch (error) {
      if (!starting(error) || performance.now() + bootPause > until) throw error;
      await sleep(bootPause);
    }
  }
}

/** Whether it may be that sshd does not run yet. What refuses a key or shows another one, does. */
function starting(error: unknown): boolean {
  return (
    error instanceof MicrovmError && ["dial-failed", "dial-timeout", "authentication-timeout"].includes(error.code)
  );
}

async function dialOnce(endpoint: Endpoint, target: Target): Promise<SshConnection> {
  const hops: SshConnection[] = [];
  const reach = (to: Target): Promise<Duplex> => hops.at(-1)?.openTransport(to.hostName, to.port) ?? openSocket(to);
  try {
    for (const [index, hop] of target.jump.entries()) {
      const settled = { ...hop, jump: [] };
      const hopTarget = resolveTarget(settled);
      try {
        const login = await verified(settled, hopTarget, () => reach(hopTarget));
        hops.push(new SshConnection(settled, hopTarget, login, []));
      } catch (error) {
        const cause = `jump host ${index + 1} of ${target.jump.length}, ${hop.address}, cannot be used: ${(error as Error).message}`;
        const subject = `host ${endpoint.address}`;
        throw new MicrovmError({ code: "jump-failed", verb: "connect to", subject, cause }, { cause: error });
      }
    }
    // The last hop closes with the target, each other hop with the one after it.
    return new SshConnection(endpoint, target, await verified(endpoint, target, () => reach(target)), hops);
  } catch (error) {
    await Promise.all(hops.map((hop) => hop.close()));
    throw error;
  }
}

/**
 * Logs in. A server shows one key; where only fingerprints are pinned, which tell no type, it is asked for its other
 * ones too before it is called changed.
 */
async function verified(endpoint: Endpoint, target: Target, open: () => Promise<Duplex>): Promise<LoggedIn> {
  try {
    return await traced(target, async () => logIn(endpoint, target, await open()));
  } catch (error) {
    const types = pins(endpoint).every((pin) => pin.startsWith("SHA256:"));
    if (!pins(endpoint).length || !types || (error as MicrovmError).code !== "host-key-changed") throw error;
    for (const family of keyFamilies) {
      try {
        return await traced(target, async () => logIn(endpoint, target, await open(), family));
      } catch (again) {
        // Without a key of this family the server ends the handshake: the first answer tells more.
        if (!["host-key-changed", "dial-failed"].includes((again as MicrovmError).code)) throw again;
      }
    }
    throw error;
  }
}

async function traced(target: Target, work: () => Promise<LoggedIn>): Promise<LoggedIn> {
  const began = performance.now();
  let code: string | null = null;
  try {
    return await work();
  } catch (error) {
    code = error instanceof MicrovmError ? error.code : "error";
    throw error;
  } finally {
    const millis = performance.now() - began;
    trace({ host: target.alias, kind: "connect", purpose: "log in", millis, bytesOut: 0, bytesIn: 0, code });
  }
}
