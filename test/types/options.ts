/** Compiled, not run: the types of options that the option table gives. */
import { expectTypeOf } from 'expect-type';
import type {
  AdvancedOptions,
  AiCacheControl,
  AiCacheSettings,
  BaseAdvancedOptions,
  BaseCacheOptions,
  CacheableOptions,
  CacheDefaultsOptions,
  CacheInfraAiOptions,
  CacheInfraConfig,
  CacheInfraTestingOptions,
  CacheLogger,
  CacheMonitor,
  CacheType,
  Clock,
  Coherence,
  EncryptionOptions,
  HttpCacheOptions,
  InMemoryCacheOptions,
  Isolation,
  LoadOptions,
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

expectTypeOf<BaseCacheOptions['defaultTtl']>().toEqualTypeOf<Ttl | undefined>();
// One type of durations, wherever a time is given.
expectTypeOf<Ttl>().toEqualTypeOf<number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`>();
type Of<T, K extends keyof T> = NonNullable<T[K]>;
expectTypeOf<
  | Of<RedisCacheOptions, 'defaultTtl' | 'l1Ttl' | 'grace' | 'softTimeout' | 'hardTimeout'>
  | Of<RedisCacheOptions, 'commandTimeout' | 'connectTimeout'>
  | Of<AdvancedOptions, 'graceBackoff' | 'leaseDuration' | 'journalHorizon' | 'breakerProbeInterval'>
  | Of<LoadOptions, 'ttl' | 'l1Ttl' | 'grace' | 'softTimeout' | 'hardTimeout'>
  | Of<CacheableOptions, 'l1Ttl' | 'grace' | 'softTimeout' | 'hardTimeout'>
  | Of<CacheDefaultsOptions, 'ttl'>
  | Of<AiCacheSettings, 'defaultTtl' | 'maxTtl'>
  | Of<CacheInfraAiOptions, 'defaultTtl' | 'maxTtl'>
  | Of<AiCacheControl, 'ttl'>
  | Of<HttpCacheOptions, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'>
>().toEqualTypeOf<Ttl>();
({ defaultTtl: '5m', grace: '1.5h' }) satisfies InMemoryCacheOptions;
({ operationTtls: { summarize: '2h', translate: 60 } }) satisfies AiCacheSettings;
// @ts-expect-error -- no unit
({ defaultTtl: '60' }) satisfies InMemoryCacheOptions;
// @ts-expect-error -- no such unit
({ defaultTtl: '1w' }) satisfies InMemoryCacheOptions;
// @ts-expect-error -- no such unit
({ grace: '5 min' }) satisfies InMemoryCacheOptions;
// @ts-expect-error -- no duration
({ operationTtls: { summarize: 'long' } }) satisfies AiCacheSettings;

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
expectTypeOf<CacheInfraConfig['operationTtls']>().toEqualTypeOf<Readonly<Record<string, Ttl>> | undefined>();

// @ts-expect-error -- entries in memory are maxSize or l1CacheSize, each in its home
expectTypeOf<InMemoryCacheOptions>().toHaveProperty('l1CacheSize');
// @ts-expect-error -- AI options belong to AI caches
expectTypeOf<CacheInfraTestingOptions>().toHaveProperty('operationTtls');
