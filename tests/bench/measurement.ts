/** One number of a benchmark. */
export interface Measurement {
  /** As in `docs/benchmarks.md` and in the JSON file. */
  key: string;
  value: number;
  atMost?: number;
  atLeast?: number;
  /** What it was computed from. */
  detail: string;
}

export function isMet({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Measurement) {
  return value <= atMost && value >= atLeast;
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/**
 * Milliseconds of each way, measured in turns: what else the machine does meets all ways alike. The first round only
 * warms caches, and does not count.
 */
export async function inTurns<Way extends string>(
  rounds: number,
  ways: Record<Way, () => Promise<number>>,
): Promise<Record<Way, number[]>> {
  const names = Object.keys(ways) as Way[];
  const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Way, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const millis = await ways[name]();
      if (round > 0) results[name].push(millis);
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Median and spread, e.g. `312 ms (298 to 340)`. */
export function spread(values: readonly number[]): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(Math.round);
  return `${middle} ms (${low} to ${high})`;
}

/** Two decimals are more than the noise of any machine allows. */
export function ratio(dividend: readonly number[], divisor: readonly number[]): number {
  return Math.round((median(dividend) / median(divisor)) * 100) / 100;
}
