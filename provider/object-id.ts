import { MicrovmError } from "./errors";
import type { Kind } from "./generated/types";

/** Where an object is, as imports name it: `ADDRESS/NAME`, and a Host by its address alone. */
export interface ObjectId {
  /** Host name, IP address (without brackets), alias of the SSH configuration, or `local`. */
  address: string;
  port?: number;
  user?: string;
  /** Absent only for a Host, where the machine has one. */
  name?: string;
}

const form = /^(?:([^/\s]+)@)?(\[[0-9A-Za-z:.%]+\]|[^@:/[\]\s]+)(?::(\d{1,5}))?(?:\/([^/\s]+))?$/;

/** Reads `[user@]address[:port][/name]`; an IPv6 address is in brackets. Throws `id-malformed` and says what is right. */
export function parseObjectId(kind: Kind, id: string): ObjectId {
  const hosted = kind !== "Host";
  const fail = (cause: string): never => {
    throw new MicrovmError({
      code: "id-malformed",
      verb: "import",
      subject: `${kind} ${id}`,
      cause,
      hint: `Say [user@]address[:port]${hosted ? "/name" : ", and /name where the machine has several Hosts"}, with an IPv6 address in brackets; or local${hosted ? "/name" : ""} for this machine.`,
    });
  };
  const match = form.exec(id);
  if (!match) return fail("the id is not of the form of one");
  const [, user, inBrackets = "", digits, name] = match;
  const address = inBrackets.replace(/^\[|\]$/g, "");
  const port = digits === undefined ? undefined : Number(digits);
  if (hosted && name === undefined) return fail("the id does not say the object's name");
  if (port !== undefined && (port < 1 || port > 65535)) return fail(`${port} is no port`);
  if (address === "local" && (user !== undefined || port !== undefined))
    return fail("this machine is not logged in to, and has neither user nor port");
  return Object.fromEntries(
    Object.entries({ address, port, user, name }).filter(([, value]) => value !== undefined),
  ) as unknown as ObjectId;
}
