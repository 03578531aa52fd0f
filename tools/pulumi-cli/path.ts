import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program on PATH is. */
export function where(program: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((directory) => join(directory, program))
    .find(executable);
}

export function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
