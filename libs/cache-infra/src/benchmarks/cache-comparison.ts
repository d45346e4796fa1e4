import type { Cache } from '../cache/contract/cache.js';
import type { DurationChange } from './comparison.js';
import type { BenchmarkEntry } from './data-generator.js';
import type { DurationSummary } from './statistics.js';
import type { TestData } from './test-data.js';

export interface CacheComparisonOptions {
  readonly originalCache: Cache;
  readonly newCache: Cache;
  readonly testSuiteName: string;
  /** Rounds; each runs both caches twice. Default `defaultIterations`. */
  readonly iterations?: number | undefined;
  /** Calls of `getOrSet` in each run of a round. Default 100. */
  readonly operationsPerRound?: number | undefined;
  /**
   * The working set. Default: as many records as the larger cache has room for, at most 2,000; for caches of equal size
   * half as many, so that reads are hits.
   */
  readonly testData?: TestData | undefined;
  /** The loader of a miss. Default: a digest of 64 KiB, some tens of microseconds. */
  readonly load?: ((entry: BenchmarkEntry) => unknown) | undefined;
}

/** One cache of a comparison. Durations are of one run, in milliseconds. */
export interface ComparedCache extends DurationSummary {
  readonly cache: string;
  readonly maxSize: number;
  readonly operationsPerSecond: number;
  /** 0-1 */
  readonly hitRatio: number;
}

/** The result of a comparison. */
export interface CacheComparison extends DurationChange {
  readonly testSuiteName: string;
  readonly original: ComparedCache;
  readonly changed: ComparedCache;
  /** Measured rounds. */
  readonly rounds: number;
  readonly operationsPerRound: number;
  /** Number of different keys. */
  readonly workingSet: number;
  /** Share of rounds without a failed call, 0-1. */
  readonly successRate: number;
  readonly timedOut: boolean;
  readonly errors: readonly string[];
}
