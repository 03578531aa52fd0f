/** Messages that may stay without an answer. */
const patience = 3;

/**
 * Tells a dead link from a quiet one. Unlike the timer of ssh2 it does not keep the process from ending, and whatever
 * the other side sends counts as an answer: behind a large upload on a slow link the answer itself is late.
 */
export class KeepAlive {
  #unanswered = 0;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param seconds between messages; 0 for none */
  constructor(seconds: number, ask: () => void, onSilence: () => void) {
    if (seconds <= 0) return;
    this.#timer = setInterval(() => {
      if (this.#unanswered++ < patience) return ask();
      this.stop();
      onSilence();
    }, seconds * 1000);
    this.#timer.unref();
  }

  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
