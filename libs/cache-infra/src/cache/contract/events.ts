import type { CacheOperation } from './monitor.js';
import type { UntruthCause } from './truth.js';

/** The events of a cache, with their payloads. Errors and rejections of a listener are ignored. */
export interface CacheEvents {
  /** A call found a fresh entry; one event per key. */
  hit: { key: string; tier: 'l1' | 'l2' };
  /** A call found no fresh entry in any tier; one event per key. */
  miss: { key: string };
  /** A value was stored, by a set or after a load. */
  set: { key: string };
  /** A key was deleted, whether it existed or not. */
  delete: { key: string };
  /**
   * Tags, a pattern or a namespace was invalidated, or tags were expired. `detail`: the tags, the pattern, or the path
   * of the namespace. `namespace`: the path of the namespace whose entries are invalidated; `''` = the whole cache.
   */
  invalidate: {
    kind: 'tags' | 'expireTags' | 'pattern' | 'clear';
    detail: readonly string[];
    namespace: string;
  };
  /** The L1 was full and evicted an entry. */
  evict: { key: string };
  /**
   * A hit was verified (`verify`), and its value was wrong. `cause`: see `UntruthCause`. `ageMs`: milliseconds since
   * the value was stored; undefined = unknown.
   */
  untrue: { key: string; cause: UntruthCause; ageMs: number | undefined };
  /** Bytes in Redis could not be decoded, and were removed. `key`: the Redis key. */
  corrupt: { key: string; reason: string };
  /**
   * A call to Redis failed, or a loaded value could not be stored. `operation`: the method that was called; `getOrSet`
   * for the load of one key by `getOrSetMany`.
   */
  error: { operation: CacheOperation; error: Error };
  /** Redis is unavailable; the cache continues without it. */
  degraded: { reason: string };
  /** The circuit breaker opened: Redis is probed, and calls skip it. */
  breakerOpen: { reason: string };
  /** The invalidation channel was lost: the L1 was cleared, remote changes may be missed from now on. */
  coherenceLost: { reason: string };
  /** The invalidation channel is restored; the L1 was cleared. */
  coherenceRestored: Record<string, never>;
  /**
   * A change was dropped from the journal: the journal was full, or Redis refused the change permanently. If `dropped`
   * begins with `nothing`, the journal had too many deletes or patterns: every key of the cache will be removed from
   * Redis instead, and no change is lost.
   */
  journalOverflow: { dropped: string };
  /** Redis is available again, and the journal is replayed. */
  recovered: Record<string, never>;
}

/** The name of an event. */
export type CacheEventName = keyof CacheEvents;
/** A listener for one event. May be async. */
export type CacheEventListener<E extends CacheEventName> = (event: CacheEvents[E]) => void;
