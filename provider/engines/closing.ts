import { closeAll } from "../ssh";

/** How long closing connections may hold up the end of the process, in milliseconds. Pulumi kills it after five seconds. */
const patience = 2_000;

let installed = false;

/** Closes the connections when the engine ends this process. */
export function closeOnExit(): void {
  if (installed) return;
  installed = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      const end = () => process.exit(0);
      setTimeout(end, patience).unref();
      closeAll().then(end, end);
    });
  }
}
