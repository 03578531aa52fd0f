/** Waits for what is to come true. The time is for what never does: a busy machine needs most of it. */
export async function until(done: () => Promise<boolean> | boolean, milliseconds: number, what: string): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`${what} was not there within ${milliseconds / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
