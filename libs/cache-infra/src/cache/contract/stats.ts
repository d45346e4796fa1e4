import type { TruthStats } from './truth.js';

/** Exact counters of one tier. */
export interface TierStats {
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
  errors: number;
}

/** Exact counters of a cache since its creation. */
export interface CacheStats {
  readonly name: string;
  /** Calls that found a fresh entry. Each key of a `getMany` or `getOrSetMany` counts. */
  hits: number;
  /** Calls that found no fresh entry in any tier. Each key of a `getMany` or `getOrSetMany` counts. */
  misses: number;
  /** Values stored, by sets and after loads. */
  sets: number;
  /** Keys passed to `delete` and `deleteMany`, and entries removed by `invalidatePattern` and `clear`. */
  deletes: number;
  /** Failed calls to Redis, whatever `onError` is. */
  errors: number;
  /** Loader runs. A loader of many keys counts for each key. */
  loads: number;
  /** Loader runs that failed, counted in the same way. */
  loadErrors: number;
  /** Loaded values that no tier could store, because of their kind, size or tags. Their callers got them. */
  notStored: number;
  /** Stored values that did not fit the `schema` of a call: their readers missed. */
  schemaMisses: number;
  /** Entries found whose value was of another `version`: their readers missed. */
  otherVersion: number;
  /** Loads that renewed the stale value (`notModified()`). */
  notModified: number;
  /** Loaded values that were not stored, since their loads began within `replicaLag` after an invalidation. */
  lagging: number;
  /**
   * Calls answered with a stale value: the loader failed, was slow, or was paused after a failure. They count as
   * misses.
   */
  staleHits: number;
  /** Loads started by a hit (`refreshAhead`). */
  refreshes: number;
  /** Callers that joined a load in flight. */
  coalesced: number;
  /** Entries evicted from a full L1. */
  evictions: number;
  /**
   * Values kept out of the L1, because they were larger than a quarter of `l1MaxBytes` (`maxBytes`) or `memoryBudget`.
   */
  tooLarge: number;
  /** Entries in Redis that could not be decoded, and were removed. */
  corrupt: number;
  /** hits / (hits + misses), 0-1; 0 before the first read. */
  hitRatio: number;
  /** Number of entries in the L1. */
  size: number;
  /** Bytes of these entries, as estimated; 0 without `l1MaxBytes` (`maxBytes`) and `memoryBudget`. */
  bytes: number;
  /** How often hits told the truth; needs `verify`. */
  truth: TruthStats;
  /** Compression of values for Redis. */
  compression: CompressionStats;
  /** The journal of changes that did not reach Redis. */
  journal: JournalStats;
  readonly l1: TierStats;
  readonly l2: TierStats;
}

/** Counters of the journal. */
export interface JournalStats {
  /** Changes in the journal now. */
  size: number;
  /** Bytes of these changes: values, keys and overhead. */
  bytes: number;
  /** Changes recorded. */
  recorded: number;
  /** Changes replayed to Redis. */
  replayed: number;
  /** Changes not replayed: Redis held a newer one. */
  superseded: number;
  /**
   * Changes dropped: the journal was full, they were older than `journalHorizon`, or Redis refused them permanently.
   */
  dropped: number;
  /** Sets whose ttl ended before the replay: their keys are deleted instead. */
  expired: number;
}

/** Counters of the compression. */
export interface CompressionStats {
  /** Values compressed. */
  count: number;
  /** Bytes before compression. */
  bytesIn: number;
  /** Bytes after compression. */
  bytesOut: number;
}
