import { MicrovmError } from "../errors";
import { command, installFile } from "../host/change";
import { type ObjectRecord, objectDirectory, recordPath, recordText } from "../host/record";
import { ChangeError } from "../host/session";
import type { Snapshot } from "../host/snapshot";
import { recordedInputs } from "./recorded-inputs";

/** Whether another program has adopted the object: to this one it is gone, to read as to delete. */
export function isAnothers(snapshot: Snapshot, kind: string, name: string, owner: string | undefined): boolean {
  const record = snapshot.records.get(recordPath(kind, name));
  return record !== undefined && owner !== undefined && record.owner !== owner;
}

/** Whether the host has the object, and it is this program's. */
export function isOurs(snapshot: Snapshot, kind: string, name: string, owner: string | undefined): boolean {
  return snapshot.records.has(recordPath(kind, name)) && !isAnothers(snapshot, kind, name, owner);
}

/** The first line of every change: refuses an object that belongs to another program. */
export function ownLines(kind: string, name: string, owners: (string | undefined)[], adopt = false): string[] {
  const ours = [...new Set(owners.filter((owner): owner is string => Boolean(owner)))];
  return [command("mv_own", recordPath(kind, name), adopt ? "yes" : "no", ...ours)];
}

/** The record goes in before anything else is made, and what was true of the former is gone before that. */
export function recordLines(record: ObjectRecord): string[] {
  return [
    command("mv_unkeep", objectDirectory(record.kind, record.name)),
    installFile(recordPath(record.kind, record.name), recordText(record), "0600"),
  ];
}

/** What an object that is made or changed begins with: it is ours, and its record says how it is declared. */
export function beginLines(kind: string, inputs: Owned, prior: Owned | undefined): string[] {
  const { name = "", owner = "", adopt } = inputs;
  return [
    ...ownLines(kind, name, [owner, prior?.owner], adopt),
    ...recordLines({ v: 1, kind, name, owner, inputs: recordedInputs(inputs), decided: {} }),
  ];
}

interface Owned {
  name?: string;
  owner?: string;
  adopt?: boolean;
}

/** Words a refusal for users; passes every other error on as it is. */
export function explainOwnership(error: unknown, kind: string, name: string): unknown {
  if (!(error instanceof ChangeError) || error.code !== "not-ours") return error;
  return new MicrovmError(
    {
      code: "not-ours",
      verb: "change",
      subject: `${kind} ${name}`,
      cause: `on the host it belongs to ${error.said || "nobody that is known"}`,
      hint: "Choose another name; or, to take it over, say adopt: true.",
    },
    { cause: error },
  );
}
