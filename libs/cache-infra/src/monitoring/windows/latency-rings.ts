import { StepRings, type Cells, type Steps } from './step-rings.js';
import { windowSteps, type WindowLatency, type WindowName } from './window-report.js';

/** Two buckets per power of two, from 128 ns: the last one holds everything from 4.5 minutes. */
const bucketCount = 64;
const unitMs = 0.000_128;
const bucketsPerOctave = 2;
/** A cell has 16 bits. */
const mostInCell = 0xffff;

function cellsOf(length: number): Uint16Array {
  return new Uint16Array(length);
}

function bucketOf(ms: number): number {
  const octaves = Math.log2(ms / unitMs);
  return Math.max(0, Math.min(bucketCount - 1, Math.ceil(octaves * bucketsPerOctave)));
}

/** The geometric middle of a bucket, in milliseconds: at most 19 % off any of its values. */
function middleOf(bucket: number): number {
  return unitMs * 2 ** ((bucket - 0.5) / bucketsPerOctave);
}

/**
 * The latencies of one series in all windows: a histogram of 64 logarithmic buckets per step. A percentile is within 19
 * % of the exact one. Where a bucket of 16 bits is full, the buckets of its step are halved: they are shares, and the
 * number of calls stands beside them.
 */
export class LatencyRings {
  readonly #buckets: StepRings;
  readonly #counts: StepRings;

  constructor(steps: Steps = windowSteps) {
    this.#buckets = new StepRings(bucketCount, steps, cellsOf, addShares);
    this.#counts = new StepRings(1, steps);
  }

  /** @param ms milliseconds; negative (the clock was set back) counts as 0, NaN is ignored */
  record(second: number, ms: number): void {
    if (!Number.isFinite(ms)) return;
    this.#counts.add(second, 0, 1);
    this.#buckets.add(second, bucketOf(ms), 1);
  }

  report(window: WindowName, second: number): WindowLatency {
    const counts = this.#counts.series(window, second, 0);
    const shares = new Float64Array(bucketCount);
    let step = 0;
    this.#buckets.eachStep(window, second, (cells, offset) => {
      const count = counts[step++] as number;
      if (count === 0) return;
      const weight = count / totalOf(cells, offset);
      for (let i = 0; i < bucketCount; i++) {
        shares[i] = (shares[i] as number) + (cells[offset + i] as number) * weight;
      }
    });
    const count = counts.reduce((sum, each) => sum + each, 0);
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((fraction) => percentile(shares, 0, fraction));
    return { p50Ms: p50Ms ?? null, p95Ms: p95Ms ?? null, p99Ms: p99Ms ?? null, count };
  }

  /** The median of each step, oldest first; null = no call was timed. */
  medians(window: WindowName, second: number): (number | null)[] {
    const medians: (number | null)[] = [];
    this.#buckets.eachStep(window, second, (cells, offset) => medians.push(percentile(cells, offset, 0.5)));
    return medians;
  }

  clear(): void {
    this.#buckets.clear();
    this.#counts.clear();
  }

  get bytes(): number {
    return this.#buckets.bytes + this.#counts.bytes;
  }
}

/** Halves the shares of a step until all fit, upwards: a bucket in use stays in use. */
function addShares(cells: Cells, offset: number, counts: Float64Array): void {
  let most = 0;
  for (let i = 0; i < bucketCount; i++) {
    most = Math.max(most, (cells[offset + i] as number) + (counts[i] as number));
  }
  const divisor = 2 ** Math.max(0, Math.ceil(Math.log2(most / mostInCell)));
  for (let i = 0; i < bucketCount; i++) {
    const share = (cells[offset + i] as number) + (counts[i] as number);
    cells[offset + i] = Math.ceil(share / divisor);
  }
}

function totalOf(cells: Cells, offset: number): number {
  let total = 0;
  for (let i = offset; i < offset + bucketCount; i++) total += cells[i] as number;
  return total;
}

/** By nearest rank; null without records. */
function percentile(cells: Cells, offset: number, fraction: number): number | null {
  const total = totalOf(cells, offset);
  if (total === 0) return null;
  let seen = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    seen += cells[offset + bucket] as number;
    if (seen >= fraction * total) return middleOf(bucket);
  }
  return middleOf(bucketCount - 1);
}
