/** Exact counters of one tier. */
export interface TierStats {
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
  errors: number;
}

/** Exact counters of a cache since it was made or since `resetStats`. */
export interface CacheStats {
  readonly name: string;
  /** Calls answered from a cached value. Each key of a `getMany` counts. */
  hits: number;
  /** Calls that found nothing. */
  misses: number;
  sets: number;
  /** Entries asked to be deleted, one by one or by invalidation. */
  deletes: number;
  /** Backend failures, whatever `onError` made of them. */
  errors: number;
  /** Loader runs. */
  loads: number;
  /** Loader runs that failed. */
  loadErrors: number;
  /** Callers that joined a load already running. */
  coalesced: number;
  /** L1 entries that had to leave for others. */
  evictions: number;
  /** Stored bytes that could not be read, and were removed. */
  corrupt: number;
  /** hits / (hits + misses), 0-1; 0 when nothing was asked. */
  hitRatio: number;
  /** Entries in the L1 now. */
  size: number;
  /** Entries and bytes that were compressed on their way to L2. */
  compression: CompressionStats;
  readonly l1: TierStats;
  readonly l2: TierStats;
}

export interface CompressionStats {
  /** Values compressed. */
  count: number;
  /** Bytes before. */
  bytesIn: number;
  /** Bytes after. */
  bytesOut: number;
}
