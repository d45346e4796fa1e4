import { jest } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { OperationRecord } from '../cache/contract/monitor.js';
import { RedisCache } from '../cache/redis-cache.js';
import { InfrastructureError, ValidationError } from '../base/errors.js';
import { CachePerformanceMonitor } from '../monitoring/performance-monitor.js';
import type { Environment } from './environment.js';
import { CacheFactory } from './cache-factory.js';
import type { AiAppCacheOptions, CacheConfig, CommonCacheOptions } from './options.js';

/** Nothing listens on port 1 of the loopback interface. */
const closedPort = 'redis://user:S3CRET@127.0.0.1:1';
const quiet = { warn: jest.fn<(message: string) => void>(), log: jest.fn<(message: string) => void>() };

function factory(env: Environment = {}): CacheFactory {
  return new CacheFactory({ env, logger: quiet });
}

/** Whatever the test's author passes: what is wrong is the point. */
function given<T>(options: unknown): T {
  return options as T;
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('was not rejected');
    },
    (error: unknown) => error,
  );
}

beforeEach(() => jest.clearAllMocks());

describe('caches in memory', () => {
  it('seed S2.16 forTesting({ useMemoryCache, defaultTtl, l1CacheSize })', async () => {
    await using cache = await factory().forTesting({ useMemoryCache: true, defaultTtl: 60, l1CacheSize: 50 });
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect([cache.defaultTtl, cache.maxSize]).toEqual([60, 50]);
  });

  it('seed S5.56 forAiApp({ useMemoryCache, compressionThreshold })', async () => {
    await using cache = await factory().forAiApp({ useMemoryCache: true, compressionThreshold: 1000 });
    expect([cache.defaultTtl, cache.maxSize]).toEqual([3600, 200]);
  });

  it('each method has its defaults', async () => {
    const caches = await Promise.all([
      factory().forWebApp(),
      factory().forAiApp(),
      factory().forTesting(),
      factory().create(),
    ]);
    expect(caches.map(({ defaultTtl, maxSize }) => [defaultTtl, maxSize])).toEqual([
      [1800, 200],
      [3600, 200],
      [60, 50],
      [3600, 10_000],
    ]);
    await Promise.all(caches.map((cache) => cache.close()));
  });

  it('useMemoryCache beats REDIS_URL: no connection is tried', async () => {
    const env = { REDIS_URL: closedPort, CACHE_FAIL_ON_CONNECTION_ERROR: 'true' };
    await using cache = await factory(env).forWebApp({ useMemoryCache: true });
    expect(cache).toBeInstanceOf(InMemoryCache);
  });

  it('the preset disabled stores nothing and connects to nothing', async () => {
    const env = { REDIS_URL: closedPort, CACHE_PRESET: 'disabled', CACHE_FAIL_ON_CONNECTION_ERROR: 'true' };
    await using cache = await factory(env).create();
    await cache.set('key', 1);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getOrSet('key', () => 2)).toBe(2);
  });

  it.each(['development', 'testing', 'ai-development'] as const)(
    'seed S11.139-143 the preset %s works without a server',
    async (preset) => {
      await using cache = await factory().createCacheFromConfig({ preset });
      await cache.set('key', { a: 1 });
      expect(await cache.get('key')).toEqual({ a: 1 });
    },
  );

  it('seed S11.144 values move between caches', async () => {
    await using development = await factory().create({ preset: 'development' });
    await using testing = await factory().create({ preset: 'testing' });
    const value = { at: new Date(0), tags: new Set(['a']) };
    await development.set('key', value);
    await testing.set('key', await development.get('key'));
    expect(await testing.get('key')).toEqual(value);
  });

  it.each([
    { useMemoryCache: true, defaultTtl: 300 },
    { useMemoryCache: true, enableL1Cache: true },
  ])('seed S11.145-147 %j works for web, AI and testing', async (options) => {
    const made = await Promise.all([
      factory().forWebApp(options),
      factory().forAiApp(options),
      factory().forTesting(options),
      factory().createCacheFromConfig(options),
    ]);
    for (const cache of made) {
      await cache.set('key', 'value');
      expect(await cache.get('key')).toBe('value');
      await cache.close();
    }
  });
});

describe('defaults for calls without options', () => {
  it('reach a cache in memory', async () => {
    const clock = new ManualClock();
    await using cache = await factory().forTesting({
      advanced: { clock },
      grace: '1h',
      defaultTtl: 60,
      jitter: 0,
    });
    await cache.set('key', 1);
    clock.advance(61_000);
    expect(await cache.getOrSet('key', () => Promise.reject(new RangeError('no')))).toBe(1);
  });

  it('reach a cache in memory without the advanced options of a cache in Redis', async () => {
    const clock = new ManualClock();
    const advanced = { clock, breakerThreshold: 5 };
    await using cache = await factory().forTesting({ advanced, useMemoryCache: true });
    await cache.set('key', 1);
    clock.advance(61_000);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('reach a cache in Redis, and its fallback in memory', async () => {
    const clock = new ManualClock();
    const advanced = { clock, leaseDuration: '2s' } as const;
    const options = { advanced, grace: '1h', l1Ttl: '10s', lock: true } as const;
    await using cache = await factory().forWebApp({ redisUrl: closedPort, ...options });
    await cache.set('key', 1);
    clock.advance(1_801_000);
    expect(await cache.getOrSet('key', () => Promise.reject(new RangeError('no')))).toBe(1);
  });
});

describe('Redis is unavailable at the start', () => {
  it('seed S3.27-28 forWebApp falls back to memory, 1800 s and 200 entries', async () => {
    await using cache = await factory().forWebApp({ redisUrl: closedPort, failOnConnectionError: false });
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect([cache.defaultTtl, cache.maxSize]).toEqual([1800, 200]);
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
  });

  it('seed S3.29-30 forAiApp likewise, 7200 s and 200 entries: memoryCacheSize wins over l1CacheSize', async () => {
    await using cache = await factory().forAiApp({
      redisUrl: closedPort,
      failOnConnectionError: false,
      defaultTtl: 7200,
      memoryCacheSize: 200,
      l1CacheSize: 50,
    });
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect([cache.defaultTtl, cache.maxSize]).toEqual([7200, 200]);
  });

  it('seed S10.132 falling back is the default of every method', async () => {
    const options = { redisUrl: closedPort };
    const made = await Promise.all([
      factory().forWebApp(options),
      factory().forAiApp(options),
      factory().forTesting(options),
      factory().createCacheFromConfig(options),
    ]);
    for (const cache of made) {
      expect(cache).toBeInstanceOf(InMemoryCache);
      await cache.close();
    }
  });

  it('logs the fallback once, without credentials', async () => {
    await using _ = await factory().forWebApp({ redisUrl: closedPort, name: 'shop' });
    expect(quiet.warn).toHaveBeenCalledTimes(1);
    const [message] = quiet.warn.mock.calls[0] ?? [];
    expect(message).toMatch(/^Cache 'shop': Redis \(127\.0\.0\.1:1\) unavailable/);
    expect(message).not.toContain('S3CRET');
  });

  it('logs the fallback to the logger of the cache, if it has one', async () => {
    const logger = { warn: jest.fn(), log: jest.fn() };
    await using _ = await factory().forWebApp({ redisUrl: closedPort, logger });
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(quiet.warn).not.toHaveBeenCalled();
  });

  it.each([
    ['the option', { redisUrl: closedPort, failOnConnectionError: true }, {}],
    ['the environment', {}, { REDIS_URL: closedPort, CACHE_FAIL_ON_CONNECTION_ERROR: 'true' }],
  ])('seed S10.129-131 strict by %s: InfrastructureError', async (_, options, env) => {
    const error = await rejection(factory(env).forWebApp(options));
    expect(error).toBeInstanceOf(InfrastructureError);
    expect((error as Error).message).toContain('Redis connection failed');
    expect((error as Error).message).not.toContain('S3CRET');
  });
});

describe('prepare', () => {
  it('returns a RedisCache that works while Redis is unavailable', async () => {
    const prepared = factory().prepare('create', { redisUrl: closedPort });
    await using cache = prepared.cache;
    expect(cache).toBeInstanceOf(RedisCache);
    expect(prepared.required).toBe(false);
    expect(await rejection(prepared.connect())).toBeInstanceOf(InfrastructureError);
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
  });

  it('has nothing to connect for a cache in memory', async () => {
    const made = factory({ CACHE_MONITORING_ENABLED: 'false' });
    const prepared = made.prepare('forAiApp', { failOnConnectionError: true });
    await using cache = prepared.cache;
    await prepared.connect();
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect(prepared.required).toBe(true);
    expect(prepared.monitor).toBeUndefined();
  });
});

describe('validation, before any connection', () => {
  const bad: readonly [seed: string, options: unknown, message: string][] = [
    ['S3.31', { redisUrl: 'http://localhost:6379' }, "redisUrl must start with 'redis://'"],
    ['S3.32', { defaultTtl: -100 }, 'defaultTtl must be non-negative'],
    ['S10.114', { redisUrl: '' }, 'redisUrl cannot be empty'],
    ['S10.115', { redisUrl: 'http://localhost' }, "must start with 'redis://'"],
    ['S10.116', { redisUrl: 'redis://' }, 'redisUrl must include host information'],
    ['S10.117', { redisUrl: 123 }, 'redisUrl must be a string'],
    ['S10.119', { defaultTtl: -1 }, 'defaultTtl must be non-negative'],
    ['S10.120', { defaultTtl: '3600' }, 'defaultTtl must be an integer'],
    ['S10.121', { defaultTtl: 366 * 86_400 }, 'defaultTtl must not exceed 365 days'],
    ['S10.122', { defaultTtl: Infinity }, 'defaultTtl must be an integer'],
  ];
  it.each(bad)('seed %s %j', async (_, options, message) => {
    const made = factory();
    const config = given<CacheConfig>({ useMemoryCache: true, ...(options as object) });
    const errors = await Promise.all([
      rejection(made.forWebApp(given<CommonCacheOptions>(options))),
      rejection(made.forAiApp(given<CommonCacheOptions>(options))),
      rejection(made.forTesting(given<CommonCacheOptions>(options))),
      rejection(made.createCacheFromConfig(config)),
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ValidationError);
      expect((error as Error).message).toContain(message);
    }
  });

  const badAi: readonly [seed: string, options: unknown, message: string][] = [
    ['S3.33', { textHashThreshold: -1 }, 'textHashThreshold must be a non-negative integer'],
    ['S10.123', { textHashThreshold: -1 }, 'textHashThreshold must be a non-negative integer'],
    ['S10.124', { memoryCacheSize: 0 }, 'memoryCacheSize must be a positive integer'],
    ['S10.125', { operationTtls: 'invalid' }, 'operationTtls must be a dictionary'],
    ['S10.126', { operationTtls: { '': 3600 } }, 'operationTtls keys must be non-empty strings'],
    ['S10.127', { operationTtls: { test: -1 } }, 'operationTtls.test must be a non-negative integer'],
  ];
  it.each(badAi)('seed %s forAiApp(%j)', async (_, options, message) => {
    const error = await rejection(factory().forAiApp(given<AiAppCacheOptions>(options)));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toContain(message);
  });

  it('seed S10.118 createCacheFromConfig({}) redisUrl is required', async () => {
    const error = await rejection(factory().createCacheFromConfig({}));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toContain('redisUrl is required');
  });

  it('seed S10.128 any other value than an options object is a ValidationError, too', async () => {
    for (const options of [null, 'redis://localhost', 7, []]) {
      expect(await rejection(factory().forWebApp(given<CommonCacheOptions>(options)))).toBeInstanceOf(
        ValidationError,
      );
    }
  });

  it('seed S3.34 no connection is tried with bad options', async () => {
    const connect = jest.spyOn(RedisCache.prototype, 'connect');
    try {
      await rejection(factory().forWebApp({ redisUrl: closedPort, defaultTtl: -1 }));
      expect(connect).not.toHaveBeenCalled();
    } finally {
      connect.mockRestore();
    }
  });

  it('names bad environment variables together with bad options', async () => {
    const error = await rejection(factory({ CACHE_TTL: 'x' }).forWebApp({ l1CacheSize: 0 }));
    expect((error as Error).message).toBe(
      'forWebApp: CACHE_TTL must be an integer (seconds) or a duration with a unit (ms, s, m, h, d) such as "5m", got "x"; l1CacheSize must be a positive integer, got 0',
    );
  });
});

describe('the monitor', () => {
  it('seed S4.44-46 knows the operations of a memory cache', async () => {
    const made = factory();
    await using cache = await made.forTesting({ useMemoryCache: true });
    await cache.set('key', 1);
    await cache.get('key');
    await cache.get('absent');
    expect(made.monitor.totalOperations).toBeGreaterThanOrEqual(3);
    expect(made.monitor.cacheHits).toBeGreaterThanOrEqual(1);
    expect(made.monitor.cacheMisses).toBeGreaterThanOrEqual(1);
  });

  it('is called together with a monitor of the cache', async () => {
    const records: OperationRecord[] = [];
    const made = factory();
    await using cache = await made.forWebApp({
      monitor: { recordCacheOperationTime: (record) => records.push(record) },
    });
    await cache.set('key', 1);
    await cache.get('key');
    expect(records.map(({ operation }) => operation)).toEqual(['set', 'get']);
    expect(made.monitor.totalOperations).toBe(2);
  });

  it('CACHE_MONITORING_ENABLED=false: caches do not report to it', async () => {
    const made = factory({ CACHE_MONITORING_ENABLED: 'false' });
    await using cache = await made.forWebApp();
    await cache.set('key', 1);
    expect(made.monitor.totalOperations).toBe(0);
  });

  it('may be given to the factory', () => {
    const monitor = new CachePerformanceMonitor();
    expect(new CacheFactory({ monitor, env: {} }).monitor).toBe(monitor);
  });
});

describe('T48: entries of a cache that lives in memory alone', () => {
  it.each([
    ['10,000 where nothing says how many', {}, {}, 10_000],
    ['as the code says', { l1CacheSize: 7 }, { CACHE_SIZE: '8' }, 7],
    ['as the environment says', {}, { CACHE_SIZE: '8' }, 8],
    ['as the preset says', { preset: 'development' as const }, {}, 100],
  ])('%s', async (_, options, env, maxSize) => {
    const cache = await new CacheFactory({ env }).create(options);
    expect(cache.maxSize).toBe(maxSize);
    await cache.close();
  });

  it('a web application, and an L1 in front of Redis, keep their numbers', async () => {
    const factory = new CacheFactory({ env: {} });
    const web = await factory.forWebApp();
    const { cache: redis } = factory.prepare('create', { redisUrl: 'redis://127.0.0.1:1' });
    expect([web.maxSize, redis.maxSize]).toEqual([200, 100]);
    await web.close();
    await redis.close();
  });
});
