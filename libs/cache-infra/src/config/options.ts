import { inspect } from 'node:util';
import { redisChecks } from '../cache/contract/option-checks.js';
import type { EncryptionOptions, RedisCacheOptions } from '../cache/contract/cache-options.js';
import type { CacheLogger } from '../cache/contract/logger.js';
import type { CacheMonitor, OperationHook } from '../cache/contract/monitor.js';
import type { Coherence, Isolation, OnError, Ttl } from '../cache/contract/options.js';
import { booleanValue, entriesInMemory, nonNegativeInteger, oneOf, operationTtls } from '../base/checks.js';
import type { Clock } from '../base/clock.js';
import type { CacheType } from '../values/cache-type.js';
import type { RedisConnectionOptions } from '../tiers/redis/options.js';
import type { PresetName } from './presets.js';
import { canonicalPresetName, presetNames } from './presets.js';
import { withoutSecrets } from './redact.js';
import { Rule } from './rule.js';

/**
 * What every method of `CacheFactory` takes. Without `redisUrl` and `redis` the cache lives in memory.
 *
 * Give plain objects: an instance's defaults would count as given in code, before environment and preset.
 */
export class CommonCacheOptions implements RedisCacheOptions {
  /** Shown in statistics, logs and health. Default `'default'`. */
  @Rule(redisChecks.name) name?: string | undefined;
  /** `redis://[user:password@]host[:port][/db]` or `rediss://…`. Default: the environment's `REDIS_URL`. */
  @Rule(redisChecks.redisUrl) redisUrl?: string | undefined;
  /** Connection details beyond a URL, or an ioredis client of your own (which the cache never closes). */
  @Rule(redisChecks.redis) redis?: RedisConnectionOptions | undefined;
  /** Memory only, whatever else says where Redis is. `false` = Redis is required. Default: memory when no Redis is named. */
  @Rule(booleanValue) useMemoryCache?: boolean | undefined;
  /** Reject with `InfrastructureError` when Redis cannot be reached, instead of starting in memory. */
  @Rule(booleanValue) failOnConnectionError?: boolean | undefined = false;
  /** False: nothing is stored, and no connection is made. */
  @Rule(redisChecks.enabled) enabled?: boolean | undefined = true;
  /** Life of an entry whose `set` names none: whole seconds, 0 = never expires, at most 365 days. */
  @Rule(redisChecks.defaultTtl) defaultTtl?: number | undefined = 3600;
  /** First part of every Redis key. Default `'cache'`, or `'cache.<name>'` for a named cache. */
  @Rule(redisChecks.keyPrefix) keyPrefix?: string | undefined;
  /** For calls that name none: how long values are kept beyond their ttl, for when a loader fails or is slow. Default 0. */
  @Rule(redisChecks.grace) grace?: Ttl | undefined;
  /** For calls that name none: fraction (0-1) of a ttl taken off at random. Default 0. */
  @Rule(redisChecks.jitter) jitter?: number | undefined;
  /** For calls that name none: fraction of the ttl after which a hit also refreshes. Default: never. */
  @Rule(redisChecks.refreshAhead) refreshAhead?: number | undefined;
  /** For calls that name none: a value past its ttl is served after waiting this long for its loader. Default: none. */
  @Rule(redisChecks.softTimeout) softTimeout?: Ttl | undefined;
  /** For calls that name none: they reject with `CacheTimeoutError` after this long; 0 = no limit. Default: none. */
  @Rule(redisChecks.hardTimeout) hardTimeout?: Ttl | undefined;
  /** How long a failed loader is left alone while its last value is served; doubles up to tenfold. Default `'1s'`. */
  @Rule(redisChecks.graceBackoff) graceBackoff?: Ttl | undefined;
  /** For calls that name none: one loader across all instances. Redis only. Default false. */
  @Rule(redisChecks.lock) lock?: boolean | undefined;
  /** How long a lease lasts without being renewed: so long others wait for an instance that died. Default `'5s'`. */
  @Rule(redisChecks.leaseDuration) leaseDuration?: Ttl | undefined;
  /** For calls that name none: life in the L1, where that should be shorter than in Redis. 0 = as long as there, the default. */
  @Rule(redisChecks.l1Ttl) l1Ttl?: Ttl | undefined;
  /** Keep an L1 in this process before Redis. */
  @Rule(redisChecks.enableL1Cache) enableL1Cache?: boolean | undefined = true;
  /**
   * Entries in memory at most, up to 8,388,608; room for all of them is taken at once. Of the L1: default 100. Of a cache that lives in
   * memory alone: default 10,000 for `create`, which `CacheInfraModule.forRoot()` uses.
   */
  @Rule(redisChecks.l1CacheSize) l1CacheSize?: number | undefined = 100;
  /** Compress values for Redis. */
  @Rule(redisChecks.enableCompression) enableCompression?: boolean | undefined = true;
  /** Serialized values above this many bytes are compressed. */
  @Rule(redisChecks.compressionThreshold) compressionThreshold?: number | undefined = 1000;
  /** zlib level, 1 (fast) to 9 (small). Default 6. */
  @Rule(redisChecks.compressionLevel) compressionLevel?: number | undefined;
  /** Larger stored values are refused at `set`, and are a miss when read. Bytes. Default 64 MiB. */
  @Rule(redisChecks.maxValueBytes) maxValueBytes?: number | undefined;
  /** Longest silence of Redis that a command waits for, from when it is sent. Default `'250ms'`. */
  @Rule(redisChecks.commandTimeout) commandTimeout?: Ttl | undefined;
  /** No connection attempt takes longer. Default `'2s'`. */
  @Rule(redisChecks.connectTimeout) connectTimeout?: Ttl | undefined;
  /** What a Redis error does at run time. Default `'degrade'`: a failed read is a miss. */
  @Rule(redisChecks.onError) onError?: OnError | undefined;
  /** How the L1 hears of changes made by others. Default `'tracking'`: Redis remembers what this instance read. */
  @Rule(redisChecks.coherence) coherence?: Coherence | undefined;
  /** Changes kept for a Redis that is away, at most. Default 100,000; 0 = none are kept. */
  @Rule(redisChecks.journalMaxEntries) journalMaxEntries?: number | undefined;
  /** Bytes of changes kept for a Redis that is away, at most. Default 32 MiB. */
  @Rule(redisChecks.journalMaxBytes) journalMaxBytes?: number | undefined;
  @Rule(redisChecks.journalHorizon) journalHorizon?: Ttl | undefined;
  /** Failures in a row after which Redis is not asked any more until a probe succeeds. Default 3. */
  @Rule(redisChecks.breakerThreshold) breakerThreshold?: number | undefined;
  /** From the opening of the breaker to a probe, and from probe to probe. Default `'500ms'`. */
  @Rule(redisChecks.breakerProbeInterval) breakerProbeInterval?: Ttl | undefined;
  /** AES-256-GCM for what stands in Redis; never shown. Default: the environment's `CACHE_ENCRYPTION_KEYS`, else none. */
  @Rule(redisChecks.encryption) encryption?: EncryptionOptions | undefined;
  /** Look at the settings of Redis once, when it is first connected, and warn the `logger` of risky ones. Default true. */
  @Rule(redisChecks.adviser) adviser?: boolean | undefined;
  /** For calls that say nothing: instances of classes are stored as plain objects. Default false: not, if they would lose something. */
  @Rule(redisChecks.plain) plain?: boolean | undefined;
  /** Classes whose instances come back as what they were: `decimalType(Decimal)` and the like. Default: none. */
  @Rule(redisChecks.types) types?: readonly CacheType[] | undefined;
  /** Parts (objects, array elements and what is in them) that a value may have. Default 2,000,000. */
  @Rule(redisChecks.maxValueNodes) maxValueNodes?: number | undefined;
  /** What `get` hands out. Default `'clone'`. */
  @Rule(redisChecks.isolation) isolation?: Isolation | undefined;
  /** A monitor of your own, beside the factory's. */
  @Rule(redisChecks.monitor) monitor?: CacheMonitor | undefined;
  @Rule(redisChecks.onOperation) onOperation?: OperationHook | undefined;
  @Rule(redisChecks.logger) logger?: CacheLogger | undefined;
  @Rule(redisChecks.clock) clock?: Clock | undefined;

  // On the prototype, not in the type: options stay writable as plain object literals.
  static {
    const safe = {
      configurable: true,
      value(this: CommonCacheOptions): object {
        return withoutSecrets(this);
      },
    };
    Object.defineProperties(this.prototype, { [inspect.custom]: safe, toJSON: safe });
  }
}

/** For web applications: many small values, read often. */
export class WebAppCacheOptions extends CommonCacheOptions {
  override defaultTtl?: number | undefined = 1800;
  override l1CacheSize?: number | undefined = 200;
  override compressionThreshold?: number | undefined = 2000;
}

/** For AI responses: large texts, dear to make. */
export class AiAppCacheOptions extends CommonCacheOptions {
  override defaultTtl?: number | undefined = 3600;
  override l1CacheSize?: number | undefined = 200;
  override compressionThreshold?: number | undefined = 1000;
  /** Entries in memory at most; wins over `l1CacheSize`. */
  @Rule(entriesInMemory) memoryCacheSize?: number | undefined;
  /** Texts longer than this many characters stand in keys as a digest. */
  @Rule(nonNegativeInteger) textHashThreshold?: number | undefined = 500;
  /** Seconds per operation, where `defaultTtl` does not fit: `{ summarize: 7200 }`. 0 = never expires. */
  @Rule(operationTtls) operationTtls?: Readonly<Record<string, number>> | undefined = {};
}

/** A cache for AI responses by configuration: {@link AiAppCacheOptions}, and a preset to start from. */
export class AiCacheConfig extends AiAppCacheOptions {
  /** As in {@link CacheConfig}. */
  @Rule((value) => oneOf(...presetNames)(canonicalPresetName(value))) preset?: PresetName | undefined;
}

/** For tests: short lives, few entries. */
export class TestingCacheOptions extends CommonCacheOptions {
  override defaultTtl?: number | undefined = 60;
  override l1CacheSize?: number | undefined = 50;
}

/** A cache by configuration: everything above, and a preset to start from. */
export class CacheConfig extends CommonCacheOptions {
  /** Values for what is given neither here nor by the environment. Default: the environment's `CACHE_PRESET`. */
  @Rule((value) => oneOf(...presetNames)(canonicalPresetName(value))) preset?: PresetName | undefined;
  @Rule(entriesInMemory) memoryCacheSize?: number | undefined;
  @Rule(nonNegativeInteger) textHashThreshold?: number | undefined = 500;
  @Rule(operationTtls) operationTtls?: Readonly<Record<string, number>> | undefined = {};
}
