/** The longest that a timer of Node can wait, in milliseconds: twenty-four days. */
const longest = 2 ** 31 - 1;

/**
 * Ends when `signal` does, or when so many milliseconds are over (`TimeoutError`). Node's own `AbortSignal.any` would do,
 * if a garbage collection did not take away the timer of a signal that nothing else holds.
 */
export function endedAfter(signal: AbortSignal, millis: number): AbortSignal {
  const own = new AbortController();
  const end = () => own.abort(signal.reason);
  const late = () => {
    signal.removeEventListener("abort", end);
    own.abort(new DOMException("it took longer than it was given", "TimeoutError"));
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  setTimeout(late, Math.min(Math.ceil(millis), longest)).unref();
  return own.signal;
}
