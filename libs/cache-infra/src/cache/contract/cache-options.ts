import type { Clock } from '../../base/clock.js';
import type { CacheType } from '../../values/cache-type.js';
import type { EncryptionKey } from '../../codec/encryption.js';
import type { CacheLogger } from './logger.js';
import type { CacheMonitor, OperationHook } from './monitor.js';
import type { Coherence, Isolation, OnError, Ttl } from './options.js';
import type { RedisConnectionOptions } from '../../tiers/redis/options.js';

/** What every cache takes. */
export interface BaseCacheOptions {
  /** Shown in statistics, logs and health. Default `'default'`. */
  name?: string | undefined;
  /** Life of an entry whose `set` names none: whole seconds, 0 = never expires, at most 365 days. Default 3600. */
  defaultTtl?: number | undefined;
  /** What `get` hands out. Default `'clone'`: nobody can change anybody else's value. */
  isolation?: Isolation | undefined;
  /**
   * For calls that say nothing: whether an instance of a class is stored by its plain form. Default false: one that would lose something
   * is not stored.
   */
  plain?: boolean | undefined;
  /** Classes whose instances come back as what they were, wherever they stand in a value. Default: none. */
  types?: readonly CacheType[] | undefined;
  /**
   * Parts that a value may have: objects, array elements and every other value in them. A larger one is refused at `set`, and is a miss
   * when read from Redis. Default 2,000,000.
   */
  maxValueNodes?: number | undefined;
  /** False: nothing is stored, every read is a miss, `getOrSet` runs its loader. Default true. */
  enabled?: boolean | undefined;
  /** For calls that name none: how long values are kept beyond their ttl, for when a loader fails or is slow. Default 0. */
  grace?: Ttl | undefined;
  /** For calls that name none: fraction (0-1) of a ttl taken off at random. Default 0. */
  jitter?: number | undefined;
  /** For calls that name none: fraction of the ttl after which a hit also refreshes. Default: never. */
  refreshAhead?: number | undefined;
  /** For calls that name none. Default: none. */
  softTimeout?: Ttl | undefined;
  /** For calls that name none. Default: none. */
  hardTimeout?: Ttl | undefined;
  /** How long a failed loader is left alone while its last value is served. Doubles from failure to failure, up to tenfold. Default `'1s'`. */
  graceBackoff?: Ttl | undefined;
  monitor?: CacheMonitor | undefined;
  onOperation?: OperationHook | undefined;
  logger?: CacheLogger | undefined;
  /** Where time comes from. Default: the system's clock. */
  clock?: Clock | undefined;
}

export interface InMemoryCacheOptions extends BaseCacheOptions {
  /** Entries at most, up to 8,388,608; the least recently used leaves first. Room for all of them is taken at once, about 40 bytes each. Default 1000. */
  maxSize?: number | undefined;
}

export interface RedisCacheOptions extends BaseCacheOptions {
  /** `redis://[user:password@]host[:port][/db]` or `rediss://…`. One of `redisUrl` and `redis` is required. */
  redisUrl?: string | undefined;
  /** Connection details beyond a URL, or an ioredis client of your own (which is never closed by the cache). */
  redis?: RedisConnectionOptions | undefined;
  /**
   * First part of every Redis key. Default `'cache'`, or `'cache.<name>'` for a named cache. `:` and `%` in it are percent-encoded in Redis
   * (`shop:eu` stands there as `shop%3Aeu`), so that no prefix covers another.
   */
  keyPrefix?: string | undefined;
  /** For calls that name none: one loader across all instances. Default false. */
  lock?: boolean | undefined;
  /** How long a lease lasts without being renewed: so long others wait for an instance that died. Default `'5s'`. */
  leaseDuration?: Ttl | undefined;
  /**
   * For calls that name none: life in the L1, where that should be shorter than in Redis. 0 = as long as there. Default: none with `coherence: 'tracking'` and
   * `'broadcast'`; `'1m'` with `'pubsub'` and `'none'`, since no channel tells of every change there.
   */
  l1Ttl?: Ttl | undefined;
  /** Keep an L1 in this process before Redis. Default true. */
  enableL1Cache?: boolean | undefined;
  /** L1 entries at most, up to 8,388,608. Room for all of them is taken at once, about 40 bytes each. Default 100. */
  l1CacheSize?: number | undefined;
  /** Compress values for Redis. Default true. */
  enableCompression?: boolean | undefined;
  /** Serialized values above this many bytes are compressed. Default 1000. */
  compressionThreshold?: number | undefined;
  /** zlib level, 1 (fast) to 9 (small). Default 6. */
  compressionLevel?: number | undefined;
  /** A stored value that would be larger than this many bytes is refused at `set`, and is a miss when read. Default 64 MiB. */
  maxValueBytes?: number | undefined;
  /** Longest silence of Redis that a command waits for, from when it is sent; waiting for its turn does not count. Default `'250ms'`. */
  commandTimeout?: Ttl | undefined;
  /** No connection attempt takes longer. Default `'2s'`. */
  connectTimeout?: Ttl | undefined;
  /** Default `'degrade'`. */
  onError?: OnError | undefined;
  /**
   * How the L1 hears of changes made by others. `'tracking'` (default): Redis remembers what this instance read. `'broadcast'`: Redis
   * tells of every key under the prefix. `'pubsub'`: the caches tell each other, for proxies without tracking. `'none'`: not at all, an L1 entry lives its ttl.
   */
  coherence?: Coherence | undefined;
  /** Changes kept for a Redis that is away, at most. Default 100,000; 0 = none are kept. */
  journalMaxEntries?: number | undefined;
  /** Bytes of changes kept for a Redis that is away, at most. Default 32 MiB. */
  journalMaxBytes?: number | undefined;
  /**
   * How long a set that could not reach Redis is replayed as a set. Default '10m'. An older one is replayed as a delete. Redis
   * remembers deletes and clears as long, so that a set made in a partition does not bring back what was deleted meanwhile; each delete
   * takes about 150 bytes there until then. 0: nothing is remembered, and every such set becomes a delete.
   */
  journalHorizon?: Ttl | undefined;
  /** Failures in a row after which Redis is not asked any more until a probe succeeds. Default 3. */
  breakerThreshold?: number | undefined;
  /** From the opening of the breaker to a probe, and from probe to probe. Default `'500ms'`. */
  breakerProbeInterval?: Ttl | undefined;
  /** AES-256-GCM for what stands in Redis. Default: none. */
  encryption?: EncryptionOptions | undefined;
  /** Look at the settings of Redis once, when it is first connected, and warn the `logger` of risky ones. Default true. */
  adviser?: boolean | undefined;
}

/**
 * Entries are encrypted by the first key, and read by any. To change keys without downtime: add the new one everywhere as the
 * second, then make it the first, and drop the old one when what it encrypted has expired. Redis keys and tags' names in the
 * tag table stay readable.
 */
export interface EncryptionOptions {
  readonly keys: readonly EncryptionKey[];
}
