import type * as Kubernetes from "@pulumi/kubernetes";
import { MicrovmError } from "../../provider/errors";

const peer = "@pulumi/kubernetes";

/**
 * The package for Kubernetes, when something of it is made and not before: most programs have no cluster and need not
 * install it.
 */
export function requireKubernetes(what: string): typeof Kubernetes {
  try {
    return require(peer);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A package that is there and lacks one of its own is another trouble, and says so itself.
    if (code !== "MODULE_NOT_FOUND" || !message.includes(`'${peer}'`)) throw error;
    throw new MicrovmError(
      {
        code: "package-not-installed",
        verb: "create",
        subject: what,
        cause: `the package ${peer} is not installed in this program`,
        hint: `Run \`npm install ${peer}@4\`.`,
      },
      { cause: error },
    );
  }
}
