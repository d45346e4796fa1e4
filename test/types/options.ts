/** Compiled, not run: the types of options that the option table gives. */
import { expectTypeOf } from 'expect-type';
import type {
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
expectTypeOf<BaseCacheOptions['clock']>().toEqualTypeOf<Clock | undefined>();
expectTypeOf<InMemoryCacheOptions['maxSize']>().toEqualTypeOf<number | undefined>();
expectTypeOf<RedisCacheOptions['redis']>().toEqualTypeOf<RedisConnectionOptions | undefined>();
expectTypeOf<RedisCacheOptions['encryption']>().toEqualTypeOf<EncryptionOptions | undefined>();
expectTypeOf<RedisServerOptions>().toExtend<RedisConnectionOptions>();

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
