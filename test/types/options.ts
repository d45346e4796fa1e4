/** Compiled, not run: the types of options that the option table gives. */
import { expectTypeOf } from 'expect-type';
import type {
  AdvancedOptions,
  BaseAdvancedOptions,
  BaseCacheOptions,
  CacheInfraConfig,
  CacheInfraTestingOptions,
  CacheLogger,
  CacheMonitor,
  CacheType,
  Clock,
  Coherence,
  EncryptionOptions,
  InMemoryCacheOptions,
  Isolation,
  OnError,
  RedisCacheOptions,
  RedisConnectionOptions,
  RedisServerOptions,
  Ttl,
} from 'nestjs-cache-infra';

// Every option may be left out, and `undefined` is not given.
expectTypeOf<{ defaultTtl: undefined }>().toExtend<BaseCacheOptions>();

// The words of a choice are those of its public type, no more and no less.
expectTypeOf<BaseCacheOptions['isolation']>().toEqualTypeOf<Isolation | undefined>();
expectTypeOf<RedisCacheOptions['onError']>().toEqualTypeOf<OnError | undefined>();
expectTypeOf<RedisCacheOptions['coherence']>().toEqualTypeOf<Coherence | undefined>();

expectTypeOf<BaseCacheOptions['defaultTtl']>().toEqualTypeOf<number | undefined>();
expectTypeOf<BaseCacheOptions['grace']>().toEqualTypeOf<Ttl | undefined>();
expectTypeOf<BaseCacheOptions['types']>().toEqualTypeOf<readonly CacheType[] | undefined>();
expectTypeOf<BaseCacheOptions['monitor']>().toEqualTypeOf<CacheMonitor | undefined>();
expectTypeOf<BaseCacheOptions['logger']>().toEqualTypeOf<CacheLogger | undefined>();
expectTypeOf<InMemoryCacheOptions['maxSize']>().toEqualTypeOf<number | undefined>();
expectTypeOf<RedisCacheOptions['redis']>().toEqualTypeOf<RedisConnectionOptions | undefined>();
expectTypeOf<RedisCacheOptions['encryption']>().toEqualTypeOf<EncryptionOptions | undefined>();
expectTypeOf<RedisServerOptions>().toExtend<RedisConnectionOptions>();

// Options that are rarely needed stand under `advanced`; a cache in memory has fewer.
expectTypeOf<AdvancedOptions['clock']>().toEqualTypeOf<Clock | undefined>();
expectTypeOf<AdvancedOptions['leaseDuration']>().toEqualTypeOf<Ttl | undefined>();
expectTypeOf<AdvancedOptions['breakerThreshold']>().toEqualTypeOf<number | undefined>();
expectTypeOf<RedisCacheOptions['advanced']>().toEqualTypeOf<AdvancedOptions | undefined>();
expectTypeOf<CacheInfraConfig['advanced']>().toEqualTypeOf<AdvancedOptions | undefined>();
expectTypeOf<InMemoryCacheOptions['advanced']>().toEqualTypeOf<BaseAdvancedOptions | undefined>();
expectTypeOf<AdvancedOptions>().toExtend<BaseAdvancedOptions>();
({ redisUrl: '', advanced: { breakerThreshold: 5 } }) satisfies RedisCacheOptions;
({ advanced: { clock: { now: () => 0 } } }) satisfies InMemoryCacheOptions;
({ caches: { sessions: { advanced: { leaseDuration: '1s' } } } }) satisfies CacheInfraConfig;
// @ts-expect-error -- under `advanced`
({ redisUrl: '', breakerThreshold: 5 }) satisfies RedisCacheOptions;
// @ts-expect-error -- under `advanced`
({ clock: { now: () => 0 } }) satisfies InMemoryCacheOptions;
// @ts-expect-error -- under `advanced`
({ caches: { sessions: { leaseDuration: '1s' } } }) satisfies CacheInfraConfig;
// @ts-expect-error -- not under `advanced`
({ advanced: { defaultTtl: 5 } }) satisfies RedisCacheOptions;
// @ts-expect-error -- a cache in memory has no breaker
({ advanced: { breakerThreshold: 5 } }) satisfies InMemoryCacheOptions;

// The factory and the module take every option of a cache in Redis.
expectTypeOf<CacheInfraConfig>().toExtend<RedisCacheOptions>();
expectTypeOf<CacheInfraTestingOptions>().toExtend<RedisCacheOptions>();
expectTypeOf<CacheInfraConfig['operationTtls']>().toEqualTypeOf<
  Readonly<Record<string, number>> | undefined
>();

// @ts-expect-error -- entries in memory are maxSize or l1CacheSize, each in its home
expectTypeOf<InMemoryCacheOptions>().toHaveProperty('l1CacheSize');
// @ts-expect-error -- AI options belong to AI caches
expectTypeOf<CacheInfraTestingOptions>().toHaveProperty('operationTtls');
