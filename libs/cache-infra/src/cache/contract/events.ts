import type { CacheOperation } from './monitor.js';

/** What a cache tells its listeners. A listener that throws or rejects hurts nobody. */
export interface CacheEvents {
  hit: { key: string; tier: 'l1' | 'l2' };
  miss: { key: string };
  set: { key: string };
  delete: { key: string };
  /** Tags, a pattern, or everything in a namespace was invalidated. */
  invalidate: { kind: 'tags' | 'pattern' | 'clear'; detail: readonly string[] };
  /** An L1 entry had to leave for another. */
  evict: { key: string };
  /** Stored bytes could not be read, and were removed; `key` is the Redis key. */
  corrupt: { key: string; reason: string };
  /** A backend call failed; `operation` is what the caller had asked for. */
  error: { operation: CacheOperation; error: Error };
  /** Redis went away; the cache goes on without it. */
  degraded: { reason: string };
  /** Redis stopped answering; it is probed, and not asked by callers. */
  breakerOpen: { reason: string };
  /** Changes made by others may be missed from now on; the L1 was emptied. */
  coherenceLost: { reason: string };
  /** Every change made by others is heard of again; the L1 starts empty. */
  coherenceRestored: Record<string, never>;
  /**
   * A change will not reach Redis: the journal was full, or Redis refused it for good. `dropped` begins with `nothing` when too many
   * deletes or patterns waited: then Redis loses every key of the cache once it is back, and no change.
   */
  journalOverflow: { dropped: string };
  /** Redis is back, and has what it missed. */
  recovered: Record<string, never>;
}

export type CacheEventName = keyof CacheEvents;
export type CacheEventListener<E extends CacheEventName> = (event: CacheEvents[E]) => void;
