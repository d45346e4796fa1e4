import type { CacheStats } from './stats.js';

/** The calls that are measured. */
export type CacheOperation =
  | 'get'
  | 'getMany'
  | 'set'
  | 'setMany'
  | 'getOrSet'
  | 'keys'
  | 'has'
  | 'ttl'
  | 'expire'
  | 'delete'
  | 'deleteMany'
  | 'invalidateTags'
  | 'invalidatePattern'
  | 'clear';

/** One measured call. */
export interface OperationRecord {
  readonly cache: string;
  readonly operation: CacheOperation;
  /** Milliseconds. */
  readonly duration: number;
  /** The key, where the call has one. Never use it as a metrics label: the series is unbounded. */
  readonly key: string | undefined;
  readonly hit: boolean | undefined;
  /** The tier that answered. */
  readonly tier: 'l1' | 'l2' | undefined;
  readonly success: boolean;
}

/** One measured key generation (decorators, AI requests). */
export interface KeyGenerationRecord {
  readonly cache: string;
  readonly operation: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes or characters of the input that went into the key. */
  readonly inputLength: number;
}

/**
 * Watches caches. Methods may be async; whatever they throw or reject is swallowed. Counters are not
 * pushed call by call: an attached monitor pulls them from `CacheSource.stats()` when asked, so counting is exact
 * and free. Durations are pushed to `recordCacheOperationTime`: all of them, unless `sampleEvery` says fewer for
 * what happens in memory alone (which takes less time than reading the clock does).
 */
export interface CacheMonitor {
  recordCacheOperationTime?(record: OperationRecord): unknown;
  recordKeyGenerationTime?(record: KeyGenerationRecord): unknown;
  /** Called once by each cache that reports here, and gives back how to stop. */
  attach?(source: CacheSource): () => void;
  /** Time one of this many L1 hits, and of the sets that go to memory alone. Default 1: all of them. Everything else is always timed. */
  readonly sampleEvery?: number;
}

/** A cache as its monitor sees it. */
export interface CacheSource {
  readonly name: string;
  stats(): CacheStats;
}

/** Told of every operation after it has ended; may throw, reject or hang without effect. */
export type OperationHook = (record: OperationRecord) => unknown;
