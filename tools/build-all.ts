import { openTofu } from "./opentofu/install";
import { pulumiCli } from "./pulumi-cli/install";
import { type Language, languageHost } from "./pulumi-cli/language-hosts";

/**
 * Gets or builds, one after another, every tool of other people's that tests run. Tests get what they need by themselves;
 * this spares them the wait, at low priority, while others run.
 */
async function main(): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const { bin } = await pulumiCli({ progress: say });
  await openTofu(say);
  for (const language of ["yaml", "go", "python"] satisfies Language[]) await languageHost(language, bin, say);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
