/** Summary of durations in milliseconds; zeros without durations. */
export interface DurationSummary {
  readonly samples: number;
  readonly avgDurationMs: number;
  readonly medianDurationMs: number;
  readonly p95DurationMs: number;
  readonly p99DurationMs: number;
  readonly minDurationMs: number;
  readonly maxDurationMs: number;
  /** Sample standard deviation (n - 1); 0 for a single duration. */
  readonly standardDeviationMs: number;
}

/** One bar of a histogram, from `fromMs` (included) to `toMs`. */
export interface HistogramBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export function summarize(durationsMs: readonly number[]): DurationSummary {
  const sorted = Float64Array.from(durationsMs).sort();
  const mean = average(durationsMs);
  return {
    samples: sorted.length,
    avgDurationMs: mean,
    medianDurationMs: quantile(sorted, 0.5),
    p95DurationMs: quantile(sorted, 0.95),
    p99DurationMs: quantile(sorted, 0.99),
    minDurationMs: sorted[0] ?? 0,
    maxDurationMs: sorted.at(-1) ?? 0,
    standardDeviationMs: deviation(durationsMs, mean),
  };
}

/** Quantile of sorted numbers, with linear interpolation (type 7 of Hyndman and Fan 1996). 0 without numbers. */
export function quantile(ascending: ArrayLike<number>, fraction: number): number {
  if (ascending.length === 0) return 0;
  const position = fraction * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below] as number;
  const high = ascending[Math.ceil(position)] as number;
  return low + (high - low) * (position - below);
}

export function median(numbers: readonly number[]): number {
  return quantile(Float64Array.from(numbers).sort(), 0.5);
}

/** Median; 0 without numbers. */
export function average(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : sum(numbers) / numbers.length;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function deviation(numbers: readonly number[], mean: number): number {
  if (numbers.length < 2) return 0;
  const squares = numbers.reduce((total, number) => total + (number - mean) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}

/** Bars of equal width on a logarithmic axis, from the shortest positive duration to the longest. */
export function logHistogram(durationsMs: readonly number[], bars = 32): HistogramBar[] {
  const positive = durationsMs.filter((ms) => ms > 0);
  if (positive.length === 0) return [];
  const [shortest, longest] = positive.reduce(
    ([low, high], ms) => [Math.min(low, ms), Math.max(high, ms)],
    [Infinity, 0],
  );
  if (shortest === longest) return [{ fromMs: shortest, toMs: longest, count: positive.length }];
  const step = Math.log(longest / shortest) / bars;
  const counts = new Array<number>(bars).fill(0);
  for (const ms of positive) {
    const bar = Math.min(bars - 1, Math.floor(Math.log(ms / shortest) / step));
    counts[bar] = (counts[bar] as number) + 1;
  }
  return counts.map((count, bar) => ({
    fromMs: shortest * Math.exp(step * bar),
    toMs: shortest * Math.exp(step * (bar + 1)),
    count,
  }));
}
