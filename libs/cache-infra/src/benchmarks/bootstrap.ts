import { integerBelow, seededRandom, type Random } from './random.js';
import { quantile } from './statistics.js';

/** An interval that contains the true value with the confidence `level`, 0-1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Confidence level, 0-1. Default 0.99. */
  readonly level?: number | undefined;
  /** Number of resamples. Default 2000. */
  readonly resamples?: number | undefined;
}

/**
 * Confidence interval of the median by the percentile bootstrap (Efron 1979): the medians of `resamples` samples, drawn
 * from the numbers with replacement. The same seed gives the same interval.
 */
export function medianInterval(numbers: readonly number[], options: BootstrapOptions): Interval {
  const random = seededRandom(options.seed, 'bootstrap');
  const draw = medianDrawer(numbers, random);
  return interval(draw, options);
}

/** Confidence interval of the difference of the medians of two independent samples, `changed` - `original`. */
export function medianDifferenceInterval(
  original: readonly number[],
  changed: readonly number[],
  options: BootstrapOptions,
): Interval {
  const random = seededRandom(options.seed, 'bootstrap');
  const [before, after] = [medianDrawer(original, random), medianDrawer(changed, random)];
  return interval(() => after() - before(), options);
}

function interval(draw: () => number, { level = 0.99, resamples = 2000 }: BootstrapOptions): Interval {
  const drawn = Float64Array.from({ length: resamples }, draw).sort();
  const tail = (1 - level) / 2;
  return { low: quantile(drawn, tail), high: quantile(drawn, 1 - tail), level };
}

/**
 * Medians of samples drawn with replacement. Sorts the numbers once and counts how often each is drawn: sorting every
 * sample would take ten times as long.
 */
function medianDrawer(numbers: readonly number[], random: Random): () => number {
  const ascending = Float64Array.from(numbers).sort();
  const size = ascending.length;
  const counts = new Uint32Array(size);
  const [lower, upper] = [Math.floor((size - 1) / 2), Math.floor(size / 2)];
  return () => {
    counts.fill(0);
    for (let index = 0; index < size; index++) {
      const at = integerBelow(random, size);
      counts[at] = (counts[at] as number) + 1;
    }
    let seen = 0;
    let low: number | undefined;
    for (let index = 0; index < size; index++) {
      seen += counts[index] as number;
      if (low === undefined && seen > lower) low = ascending[index];
      if (low !== undefined && seen > upper) return (low + (ascending[index] as number)) / 2;
    }
    return 0;
  };
}
