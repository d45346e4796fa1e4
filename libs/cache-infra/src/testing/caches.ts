import { randomUUID } from 'node:crypto';

import type { InMemoryCacheOptions, RedisCacheOptions } from '../cache/contract/cache-options.js';
import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { RedisCache } from '../cache/redis-cache.js';
import { CacheFactory } from '../config/cache-factory.js';
import type { TestingCacheOptions } from '../config/options.js';

/** An in-memory cache: 100 entries, 3600 s. */
export function makeMemoryCache(options: InMemoryCacheOptions = {}): InMemoryCache {
  return new InMemoryCache({ maxSize: 100, defaultTtl: 3600, ...options });
}

/** The cache of `CacheInfraModule.forTesting()`, in memory regardless of the environment: 50 entries, 60 s. */
export async function makeTestingCache(options: TestingCacheOptions = {}): Promise<Cache> {
  return new CacheFactory({ env: {} }).forTesting({
    useMemoryCache: true,
    defaultTtl: 60,
    l1CacheSize: 50,
    ...options,
  });
}

/** A cache whose Redis is unavailable, and which serves from memory: 30 s. */
export async function makeFallbackCache(options: TestingCacheOptions = {}): Promise<Cache> {
  const logger = { warn: () => undefined, log: () => undefined };
  return new CacheFactory({ env: {}, logger }).forTesting({
    redisUrl: 'redis://nonexistent:6379/15',
    failOnConnectionError: false,
    defaultTtl: 30,
    ...options,
  });
}

/** A Redis cache with a key prefix of its own: 3600 s, an L1 of 100 entries. */
export function makeRedisCache(redisUrl: string, options: RedisCacheOptions = {}): RedisCache {
  return new RedisCache({
    redisUrl,
    defaultTtl: 3600,
    enableL1Cache: true,
    l1CacheSize: 100,
    keyPrefix: `test.${randomUUID()}`,
    ...options,
  });
}

/** A small and a large cache for comparisons: 50 and 100 entries. */
export function cachePair(): { small: InMemoryCache; large: InMemoryCache } {
  return {
    small: makeMemoryCache({ name: 'small', maxSize: 50 }),
    large: makeMemoryCache({ name: 'large', maxSize: 100 }),
  };
}

/**
 * Runs `work` with an isolated cache, which is cleared and closed afterwards, whether `work` succeeds or not.
 *
 * ```ts
 * it('counts', () => withIsolatedCache(async (cache) => {
 *   await cache.set('a', 1);
 *   expect(await cache.get('a')).toBe(1);
 * }));
 * ```
 */
export async function withIsolatedCache<T>(
  work: (cache: Cache) => T | Promise<T>,
  cache: Cache = makeMemoryCache({ name: `isolated-${randomUUID()}` }),
): Promise<T> {
  try {
    return await work(cache);
  } finally {
    await cleanUp(cache);
  }
}

/** An isolated cache for `await using`: `await using isolated = isolatedCache(); await isolated.cache.set('a', 1);` */
export function isolatedCache(
  cache: Cache = makeMemoryCache({ name: `isolated-${randomUUID()}` }),
): AsyncDisposable & { readonly cache: Cache } {
  return { cache, [Symbol.asyncDispose]: () => cleanUp(cache) };
}

async function cleanUp(cache: Cache): Promise<void> {
  try {
    await cache.clear();
  } finally {
    await cache.close();
  }
}
