/**
 * `up`: everything that is configured works. `degraded`: Redis is away, or does not take every change (some wait for it, or this user may
 * not make them); the cache serves what it can.
 * `down`: the cache serves nothing.
 */
export type CacheStatus = 'up' | 'degraded' | 'down';

/** How a cache is, as it finds by asking. Carries no credentials. */
export interface CacheHealth {
  status: CacheStatus;
  tiers: {
    /** Absent when there is no L1. */
    l1?: L1Health | undefined;
    /** Absent when there is no Redis. */
    l2?: L2Health | undefined;
  };
}

export interface L1Health {
  /** Entries now. */
  size: number;
  /** Entries at most. */
  maxSize: number;
  /**
   * Milliseconds that an entry may go on after a change that this instance cannot hear of. Absent with `coherence: 'tracking'` and
   * `'broadcast'`, which tell of every change. `'pubsub'` hears of changes by caches with the same setting only, `'none'` of none.
   */
  unheardMs?: number | undefined;
}

export interface L2Health {
  status: 'ready' | 'connecting' | 'away';
  /** Milliseconds of a `PING`. */
  latencyMs?: number | undefined;
  /** Why it is away, or what it refuses: a message without credentials. */
  lastError?: string | undefined;
  /** `closed`: Redis is asked. `open`: it is only probed. */
  breaker: 'closed' | 'open' | 'half-open';
  /** `armed`: changes made by others are heard of. `lost`: not now. `none`: by configuration, or there is no L1. */
  coherence: 'armed' | 'lost' | 'none';
  /** Changes that wait for Redis. */
  journalSize: number;
}
