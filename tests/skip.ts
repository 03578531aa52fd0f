/** Reports a test that cannot run here, and why; the runner counts these lines. */
export function skip(name: string, reason: string): void {
  process.stdout.write(`# skip ${name}: ${reason}\n`);
}
