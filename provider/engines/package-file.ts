import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What this package says of itself. */
export interface PackageFile {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
}

/** The package's own `package.json`; it lies above the compiled code's `dist/` as above the sources. */
export function packageFile(): PackageFile {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const found = manifestIn(directory);
    if (found?.name === "pulumi-microvm") return found;
    if (dirname(directory) === directory) throw new Error("the package.json of pulumi-microvm is missing");
  }
}

function manifestIn(directory: string): PackageFile | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
