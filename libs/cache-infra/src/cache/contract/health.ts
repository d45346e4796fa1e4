import type { TruthStats } from './truth.js';

/**
 * - `up`: everything that is configured works.
 * - `degraded`: Redis is unavailable, or does not take every change (some are journalled, or refused to this user). The
 *   cache serves what it can.
 * - `down`: the cache serves nothing: it is closed, or Redis is unavailable and there is no L1.
 */
export type CacheStatus = 'up' | 'degraded' | 'down';

/** The health of a cache, measured by a `PING`. Contains no credentials. */
export interface CacheHealth {
  status: CacheStatus;
  tiers: {
    /** Absent when there is no L1. */
    l1?: L1Health | undefined;
    /** Absent when there is no Redis. */
    l2?: L2Health | undefined;
  };
  /** How often hits told the truth. Absent before the first verification (`verify`). */
  truth?: TruthStats | undefined;
}

export interface L1Health {
  /** Number of entries. */
  size: number;
  /** Most entries. */
  maxSize: number;
  /**
   * Longest time, milliseconds, that the L1 may serve an entry after an unreported remote change. Absent with
   * `coherence: 'tracking'` and `'broadcast'`, which report every change. `'pubsub'` reports changes by caches with the
   * same setting only, `'none'` none.
   */
  unheardMs?: number | undefined;
}

export interface L2Health {
  /** `ready`: Redis answers. `connecting`: not connected yet. `away`: Redis is unavailable. */
  status: 'ready' | 'connecting' | 'away';
  /** Duration of the `PING`, milliseconds. Absent if Redis did not answer. */
  latencyMs?: number | undefined;
  /** Why Redis is unavailable, or which command it refuses: a message without credentials. */
  lastError?: string | undefined;
  /**
   * State of the circuit breaker. `closed`: calls reach Redis. `open`: calls skip Redis. `half-open`: a probe is in
   * flight.
   */
  breaker: 'closed' | 'open' | 'half-open';
  /**
   * State of the invalidation channel. `armed`: remote changes are received. `lost`: they are not. `none`: no L1, or
   * `coherence: 'none'`.
   */
  coherence: 'armed' | 'lost' | 'none';
  /** Number of journalled changes. */
  journalSize: number;
}
