import type { CacheStats } from './stats.js';

/** The measured methods of a cache. */
export type CacheOperation =
  | 'get'
  | 'getMany'
  | 'set'
  | 'setMany'
  | 'getOrSet'
  | 'getOrSetMany'
  | 'keys'
  | 'has'
  | 'ttl'
  | 'expire'
  | 'delete'
  | 'deleteMany'
  | 'invalidateTags'
  | 'expireTags'
  | 'invalidatePattern'
  | 'clear';

/** One measured call. */
export interface OperationRecord {
  /** The name of the cache. */
  readonly cache: string;
  readonly operation: CacheOperation;
  /** Milliseconds from the call to its result, loaders included. */
  readonly duration: number;
  /**
   * The key; undefined for calls without or with many keys. Never use it as a metrics label: the series is unbounded.
   */
  readonly key: string | undefined;
  /** The namespace of the call, as `invalidate` events name it: `users/eu`. Empty or undefined = the root. */
  readonly namespace?: string | undefined;
  /** True if all keys were hits; undefined if the call reads no value. */
  readonly hit: boolean | undefined;
  /** The tier of the (last) hit. */
  readonly tier: 'l1' | 'l2' | undefined;
  /** False if the call rejected. */
  readonly success: boolean;
  /**
   * Calls that this record stands for: `sampleEvery` for a sampled L1 hit; undefined = this one.
   */
  readonly calls?: number | undefined;
}

/** One run of a loader. Callers of one key share it; it may run after they got a stale value. */
export interface LoadRecord {
  /** The name of the cache. */
  readonly cache: string;
  /** The key, without its namespaces. Never use it as a metrics label: the series is unbounded. */
  readonly key: string;
  /** Milliseconds. */
  readonly duration: number;
  /** False if the loader failed. */
  readonly success: boolean;
}

/** One invalidation of tags. */
export interface TagRecord {
  /** The name of the cache. */
  readonly cache: string;
  readonly operation: 'invalidateTags' | 'expireTags';
  readonly tags: readonly string[];
}

/** One measured key generation (decorators, AI requests). */
export interface KeyGenerationRecord {
  readonly cache: string;
  readonly operation: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Length of the key's input, bytes or characters. */
  readonly inputLength: number;
}

/**
 * Monitors caches. Its methods may be async; their errors and rejections are ignored.
 *
 * - Counters are pulled: the monitor reads `CacheSource.stats()` of each attached cache when it exports. They are
 *   exact.
 * - Durations are pushed: `recordCacheOperationTime` gets every call, or with `sampleEvery` a sample of the calls that
 *   only touch the L1.
 */
export interface CacheMonitor {
  /** Receives measured calls. */
  recordCacheOperationTime?(record: OperationRecord): unknown;
  /** Receives every run of a loader. A loader of many keys counts once for each key. */
  recordLoad?(record: LoadRecord): unknown;
  /** Receives every invalidation of tags by this process. */
  recordInvalidation?(record: TagRecord): unknown;
  /** Receives measured key generations. */
  recordKeyGenerationTime?(record: KeyGenerationRecord): unknown;
  /**
   * Called once by each cache that uses this monitor. Returns a function that detaches it; the cache calls it on
   * `close()`.
   */
  attach?(source: CacheSource): () => void;
  /** Measure one of this many L1 hits and L1-only sets. Every other call is measured. Default 1 = measure all. */
  readonly sampleEvery?: number;
}

/** A cache, as its monitor sees it. */
export interface CacheSource {
  readonly name: string;
  /** Exact counters. */
  stats(): CacheStats;
}

/** Called after every operation, without sampling. Its errors and rejections are ignored, and nothing waits for it. */
export type OperationHook = (record: OperationRecord) => unknown;
