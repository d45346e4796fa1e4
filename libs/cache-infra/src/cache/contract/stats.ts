/** Exact counters of one tier. */
export interface TierStats {
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
  errors: number;
}

/** Exact counters of a cache since it was made. */
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
  /** Loaded values that no tier could keep (their size, their tags, what they are): their callers got them all the same. */
  notStored: number;
  /** Calls answered with a value past its ttl, because its loader failed, was slow, or was left alone after failing. */
  staleHits: number;
  /** Loads begun by a hit near the end of its ttl. */
  refreshes: number;
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
  /** Changes that did not reach Redis at once. */
  journal: JournalStats;
  readonly l1: TierStats;
  readonly l2: TierStats;
}

export interface JournalStats {
  /** Changes waiting for Redis. */
  size: number;
  bytes: number;
  /** Changes taken in. */
  recorded: number;
  /** Changes that reached Redis later, or were overtaken there by a newer one. */
  replayed: number;
  /** Changes that were not made: Redis had something newer by then. */
  superseded: number;
  /** Changes given up: the journal was full, they were older than `journalHorizon`, or Redis refused them for good. */
  dropped: number;
  /** Sets whose value expired first: what they replaced is deleted instead. */
  expired: number;
}

export interface CompressionStats {
  /** Values compressed. */
  count: number;
  /** Bytes before. */
  bytesIn: number;
  /** Bytes after. */
  bytesOut: number;
}
