import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** Whose the objects of a configuration are, as their records on the hosts say it. */
export interface Program {
  name: string;
  workspace: string;
}

/**
 * The program that runs: a configuration goes by its directory's name unless it says another, and Terraform keeps the
 * workspace that is selected in a file, which it does not tell of otherwise.
 */
export function currentProgram(
  name?: string,
  environment: NodeJS.ProcessEnv = process.env,
  directory = process.cwd(),
): Program {
  const workspace = environment.TF_WORKSPACE || selected(resolve(directory, environment.TF_DATA_DIR || ".terraform"));
  return { name: name || basename(directory), workspace: workspace || "default" };
}

/** The owner of an object: as with other engines, organisation, project and stack, then kind and name. */
export function ownerOf({ name, workspace }: Program, kind: string, object: string): string {
  return `terraform/${plain(name)}/${plain(workspace)}::${kind}::${object}`;
}

function plain(part: string): string {
  return part.replace(/[^A-Za-z0-9._-]+/g, "-") || "-";
}

function selected(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, "environment"), "utf8").trim();
  } catch {
    return undefined; // Where none was ever selected there is no such file.
  }
}
