/**
 * A latency histogram of fixed memory: log-linear buckets as in HdrHistogram (Gil Tene,
 * https://hdrhistogram.github.io/HdrHistogram/).
 *
 * Each power of two is divided into 32 equal buckets, so a bucket is at most 1/32 of its values wide, and its middle is
 * at most 1/64 (1.6 %) off any of them. Below 320 ns the buckets are 10 ns wide.
 */

/** Summary of a histogram, in milliseconds. Percentiles are within 1.6 % of a recorded value; the rest is exact. */
export interface LatencySummary {
  count: number;
  meanMs: number;
  minMs: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Milliseconds per unit: 10 ns, about the resolution of clocks. */
const unitMs = 1e-5;
const subBucketBits = 5;
const subBuckets = 2 ** subBucketBits;
/** The range is 2^39 units: 91 minutes. Longer durations count in the last bucket. */
const maxBits = 39;
const maxUnits = 2 ** maxBits - 1;

/** Number of buckets; each takes 8 bytes. */
export const bucketCount = subBuckets * (maxBits - subBucketBits + 1);

/** The bucket of a duration. */
export function bucketOf(ms: number): number {
  const units = Math.min(maxUnits, Math.max(0, Math.floor(ms / unitMs)));
  if (units < subBuckets) return units;
  const high = Math.floor(units / 2 ** 32);
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(units);
  const octave = exponent - subBucketBits;
  return subBuckets * octave + Math.floor(units / 2 ** octave);
}

/** The middle of a bucket, in milliseconds. */
export function bucketMiddle(bucket: number): number {
  if (bucket < subBuckets) return (bucket + 0.5) * unitMs;
  const octave = Math.floor(bucket / subBuckets) - 1;
  const lowest = (bucket - subBuckets * octave) * 2 ** octave;
  return (lowest + 2 ** octave / 2) * unitMs;
}

/** Counts durations by size. Takes about 9 kB, independent of the number of records. */
export class Histogram {
  private readonly counts = new Float64Array(bucketCount);
  private total = 0;
  private sumMs = 0;
  private minMs = Infinity;
  private maxMs = 0;

  get count(): number {
    return this.total;
  }

  /** Records a duration in milliseconds. A negative one (the clock was set back) counts as 0; NaN is ignored. */
  record(ms: number): void {
    if (!Number.isFinite(ms)) return;
    const duration = Math.max(0, ms);
    const bucket = bucketOf(duration);
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.total += 1;
    this.sumMs += duration;
    this.minMs = Math.min(this.minMs, duration);
    this.maxMs = Math.max(this.maxMs, duration);
  }

  /** The percentile of a fraction (0-1), by nearest rank; 0 without records. */
  percentile(fraction: number): number {
    if (this.total === 0) return 0;
    const rank = Math.max(1, Math.ceil(fraction * this.total));
    let seen = 0;
    let bucket = -1;
    while (seen < rank && bucket < bucketCount - 1) {
      bucket += 1;
      seen += this.counts[bucket] as number;
    }
    return Math.min(this.maxMs, Math.max(this.minMs, bucketMiddle(bucket)));
  }

  /** Sum of the recorded durations, milliseconds. */
  get sum(): number {
    return this.sumMs;
  }

  /**
   * Records up to each of `bounds` (milliseconds, ascending). A duration within 1.6 % of a bound may fall on either side.
   */
  countsWithin(bounds: readonly number[]): number[] {
    let bucket = 0;
    let seen = 0;
    return bounds.map((bound) => {
      for (; bucket < bucketCount && bucketMiddle(bucket) <= bound; bucket++)
        seen += this.counts[bucket] as number;
      return seen;
    });
  }

  summary(): LatencySummary {
    return {
      count: this.total,
      meanMs: this.total === 0 ? 0 : this.sumMs / this.total,
      minMs: this.total === 0 ? 0 : this.minMs,
      p50Ms: this.percentile(0.5),
      p95Ms: this.percentile(0.95),
      p99Ms: this.percentile(0.99),
      maxMs: this.maxMs,
    };
  }
}
