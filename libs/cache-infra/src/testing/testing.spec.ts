import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { InMemoryCache } from '../cache/in-memory-cache.js';
import { CacheFactory } from '../config/cache-factory.js';
import { InfrastructureError } from '../base/errors.js';
import {
  benchmarkData,
  cachePair,
  cacheVariables,
  cleanEnvironment,
  isolatedCache,
  makeFallbackCache,
  makeMemoryCache,
  makeTestingCache,
  useCleanEnvironment,
  withEnvironment,
  withIsolatedCache,
} from './index.js';

describe('seed S2.14-26 fixtures', () => {
  it('seed S2.14 a memory cache of 100 entries and 3600 s', () => {
    expect(makeMemoryCache()).toMatchObject({ maxSize: 100, defaultTtl: 3600 });
    expect(makeMemoryCache({ maxSize: 3 })).toMatchObject({ maxSize: 3, defaultTtl: 3600 });
  });

  it('seed S2.15 clear() can be awaited', async () => {
    const cache = makeMemoryCache();
    await cache.set('a', 1);
    await cache.clear();
    await expect(cache.has('a')).resolves.toBe(false);
  });

  it('seed S2.16 a testing cache of 50 entries and 60 s, in memory', async () => {
    const cache = await makeTestingCache();
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect(cache).toMatchObject({ maxSize: 50, defaultTtl: 60 });
  });

  it('seed S2.17 a cache whose Redis does not exist serves from memory', async () => {
    const cache = await makeFallbackCache({ redisUrl: 'redis://127.0.0.1:1/15' });
    try {
      expect(cache).toBeInstanceOf(InMemoryCache);
      expect(cache.defaultTtl).toBe(30);
      await cache.set('a', 1);
      await expect(cache.get('a')).resolves.toBe(1);
    } finally {
      await cache.close();
    }
  });

  it('seed S2.17 a strict factory rejects when its Redis does not exist', async () => {
    const failing = makeFallbackCache({ redisUrl: 'redis://127.0.0.1:1', failOnConnectionError: true });
    await expect(failing).rejects.toThrow(InfrastructureError);
  });

  it('seed S2.24 fifty records, the same ones every time', () => {
    const records = benchmarkData();
    expect(records).toHaveLength(50);
    expect(new Set(records.map(({ key }) => key)).size).toBe(50);
    expect(benchmarkData(50)).toEqual(records);
    expect(benchmarkData(3)).toEqual(records.slice(0, 3));
  });

  it('seed S2.26 a pair of caches, of 50 and 100 entries', () => {
    const { small, large } = cachePair();
    expect([small.maxSize, large.maxSize]).toEqual([50, 100]);
  });
});

describe('seed S8.99-102 isolation', () => {
  it('seed S8.102 gives every test a cache of its own', async () => {
    await withIsolatedCache((cache) => cache.set('a', 1));
    await withIsolatedCache(async (cache) => {
      await expect(cache.has('a')).resolves.toBe(false);
    });
  });

  it('seed S8.99 clears and closes the cache after a test', async () => {
    const cache = makeMemoryCache();
    await withIsolatedCache((mine) => mine.set('a', 1), cache);
    await expect(cache.get('a')).rejects.toThrow("Cache 'default' is closed");
  });

  it('seed S8.100 clears and closes the cache when the test fails', async () => {
    const cache = makeMemoryCache();
    const failing = withIsolatedCache(() => Promise.reject(new Error('a test failed')), cache);
    await expect(failing).rejects.toThrow('a test failed');
    await expect(cache.get('a')).rejects.toThrow('is closed');
  });

  it('seed S8.101 clears and closes the cache with await using', async () => {
    const cache = makeMemoryCache();
    {
      await using isolated = isolatedCache(cache);
      await isolated.cache.set('a', 1);
    }
    await expect(cache.get('a')).rejects.toThrow('is closed');
  });
});

describe('seed S8.103-105 environment', () => {
  it('seed S8.103 knows every variable of the guide', () => {
    expect(cacheVariables).toEqual(
      expect.arrayContaining([
        ...['REDIS_URL', 'CACHE_TTL', 'CACHE_SIZE', 'ENABLE_CACHE_COMPRESSION', 'CACHE_MONITORING_ENABLED'],
        ...['BENCHMARK_DEFAULT_ITERATIONS', 'CACHE_ENV', 'REDIS_TEST_DB', 'REDIS_CONNECTION_TIMEOUT'],
      ]),
    );
  });

  it('seed S8.104 clears what is set, sets what is given, and restores both', () => {
    using _outer = cleanEnvironment({ CACHE_TTL: '1', CACHE_SIZE: '2' });
    {
      using _inner = cleanEnvironment({ CACHE_TTL: '3' });
      expect([process.env['CACHE_TTL'], process.env['CACHE_SIZE']]).toEqual(['3', undefined]);
    }
    expect([process.env['CACHE_TTL'], process.env['CACHE_SIZE']]).toEqual(['1', '2']);
  });

  it('seed S8.104 restores after a failed test', async () => {
    const before = process.env['CACHE_TTL'];
    const failing = withEnvironment({ CACHE_TTL: '3' }, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(process.env['CACHE_TTL']).toBe(before);
  });

  it('seed S8.105 the library reads what the helper sets', async () => {
    await withEnvironment({ CACHE_TTL: '77', CACHE_SIZE: '7' }, async () => {
      await expect(new CacheFactory().forWebApp()).resolves.toMatchObject({ defaultTtl: 77, maxSize: 7 });
    });
  });

  describe('for every test of a suite', () => {
    useCleanEnvironment({ beforeEach, afterEach }, { CACHE_TTL: '5' });

    it.each([1, 2])('seed S8.105 sets and clears anew, test %i', () => {
      expect([process.env['CACHE_TTL'], process.env['CACHE_SIZE']]).toEqual(['5', undefined]);
      process.env['CACHE_TTL'] = '6';
      process.env['CACHE_SIZE'] = '6';
    });
  });
});
