import { randomUUID } from 'node:crypto';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CacheFactory } from '../../libs/cache-infra/src/config/cache-factory.js';
import { armed } from '../support/armed.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer, redisForSuite } from '../support/redis.js';

const suite = redisForSuite();
const closing = closingAfterEach();
const silent = { log: () => undefined, warn: () => undefined };
let keyPrefix: string;

beforeEach(() => {
  keyPrefix = `${suite.prefix}-${randomUUID()}`;
});

function factory(env: Record<string, string> = {}): CacheFactory {
  return new CacheFactory({ env, logger: silent });
}

/** The same configuration for each of the ways to make a cache. */
const ways: [what: string, make: (factory: CacheFactory, options: object) => Promise<Cache>][] = [
  ['forWebApp', (made, options) => made.forWebApp(options)],
  ['forAiApp', (made, options) => made.forAiApp(options)],
  ['forTesting', (made, options) => made.forTesting(options)],
  ['createCacheFromConfig', (made, options) => made.createCacheFromConfig(options)],
];

describe('seed S1.10 creation from configuration', () => {
  it.each(ways)('seed S11.145-147 %s: memory and Redis by the same options objects', async (_, make) => {
    const common = {
      defaultTtl: 120,
      l1CacheSize: 25,
      compressionThreshold: 500,
      keyPrefix,
      commandTimeout: '5s',
    };
    const memory = closing(await make(factory(), { ...common, useMemoryCache: true }));
    const redis = closing(await make(factory(), { ...common, redisUrl: suite.url }));
    expect(memory).toBeInstanceOf(InMemoryCache);
    expect(redis).toBeInstanceOf(RedisCache);
    for (const cache of [memory, redis]) {
      expect(cache).toMatchObject({ defaultTtl: 120, maxSize: 25 });
      await cache.set('key', { nested: { value: [1, 2] } });
      expect(await cache.get('key')).toEqual({ nested: { value: [1, 2] } });
      expect(await cache.ttl('key')).toBe(120);
      expect(await cache.delete('key')).toBe(true);
    }
  });

  it.each(ways)('%s: REDIS_URL of the environment alone is enough', async (_, make) => {
    const cache = closing(await make(factory({ REDIS_URL: suite.url }), { keyPrefix, commandTimeout: '5s' }));
    expect(cache).toBeInstanceOf(RedisCache);
    await cache.set('key', 1);
    const other = closing(new RedisCache({ redisUrl: suite.url, keyPrefix, commandTimeout: '5s' }));
    expect(await other.get('key')).toBe(1);
  });

  it('caches of different kinds on one prefix read each other', async () => {
    const options = { redisUrl: suite.url, keyPrefix, commandTimeout: '5s' } as const;
    const [web, ai] = [
      closing(await factory().forWebApp(options)),
      closing(await factory().forAiApp(options)),
    ];
    const text = 'a long answer '.repeat(500);
    await web.set('answer', text);
    expect(await ai.get('answer')).toBe(text);
  });

  it('several caches of one factory are separated by name', async () => {
    const made = factory();
    const name = `n-${randomUUID()}`;
    const caches = [];
    for (const suffix of ['a', 'b']) {
      caches.push(
        closing(await made.forWebApp({ redisUrl: suite.url, name: name + suffix, commandTimeout: '5s' })),
      );
    }
    for (const cache of caches) await cache.set('key', cache.name);
    for (const cache of caches) expect(await cache.get('key')).toBe(cache.name);
    await caches[0]?.clear();
    expect(await caches[1]?.get('key')).toBe(`${name}b`);
    await caches[1]?.clear();
  });
});

describe('seed S1.9 and S4.41 fallback', () => {
  it.each(ways)('%s without Redis: a cache that works, from memory', async (_, make) => {
    const server = await ownRedisServer();
    await server.stop();
    const cache = closing(await make(factory(), { redisUrl: server.url, connectTimeout: '1s' }));
    expect(cache).toBeInstanceOf(InMemoryCache);
    await cache.set('key', { a: 1 }, { tags: ['tag'] });
    expect(await cache.get('key')).toEqual({ a: 1 });
    expect(await cache.getOrSet('other', () => 'loaded')).toBe('loaded');
    await cache.invalidateTags('tag');
    expect(await cache.has('key')).toBe(false);
    await cache.clear();
    expect(cache.stats().size).toBe(0);
  });

  it('seed S4.43 the cache uses Redis once it is available', async () => {
    const server = await ownRedisServer();
    try {
      await server.stop();
      const cache = closing(await factory().forWebApp({ redisUrl: server.url, connectTimeout: '1s' }));
      const back = new Promise<void>((resolve) => {
        cache.on('recovered', () => {
          resolve();
        });
      });
      await server.start();
      await back;
      await cache.set('key', 1);
      const other = closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }));
      expect(await other.get('key')).toBe(1);
    } finally {
      await server.stop();
    }
  }, 20_000);
});

describe('seed S4.42 the size of the L1', () => {
  it.each([
    ['forWebApp', 200],
    ['forAiApp', 200],
    ['forTesting', 50],
  ] as const)('%s: %p entries', async (way, size) => {
    const options = { redisUrl: suite.url, keyPrefix, commandTimeout: '5s' } as const;
    const cache = await armed(closing((await factory()[way](options)) as RedisCache));
    expect(cache.maxSize).toBe(size);
    await cache.setMany(Array.from({ length: size + 10 }, (_, i) => [`key:${String(i)}`, i]));
    expect(cache.stats()).toMatchObject({ size, evictions: 10 });
    expect(await cache.get('key:0')).toBe(0);
  });
});

describe('seed S4.44-46 the monitor of the factory', () => {
  it.each([
    ['memory', {}],
    ['Redis', { redisUrl: suite.url }],
  ])('after a set, a hit and a miss on %s', async (_, options) => {
    const made = factory();
    const cache = closing(await made.forTesting({ ...options, keyPrefix, commandTimeout: '5s' }));
    await cache.set('key', 'value');
    await cache.get('key');
    await cache.get('missing');
    expect(made.monitor.totalOperations).toBeGreaterThanOrEqual(3);
    expect(made.monitor.cacheHits).toBeGreaterThanOrEqual(1);
    expect(made.monitor.cacheMisses).toBeGreaterThanOrEqual(1);
  });

  it('keeps the totals of a cache that was closed', async () => {
    const made = factory();
    const cache = await made.forTesting();
    await cache.set('key', 'value');
    await cache.get('key');
    await cache.close();
    expect(made.monitor.cacheHits).toBe(1);
  });
});

describe('seed S11.144 values move between caches', () => {
  it('from memory to Redis to memory, with type and ttl', async () => {
    const [first, last] = [closing(await factory().forTesting()), closing(await factory().forTesting())];
    const between = closing(
      await factory().forWebApp({ redisUrl: suite.url, keyPrefix, commandTimeout: '5s' }),
    );
    const values = new Map<string, unknown>([
      ['text', 'a'],
      ['date', new Date(0)],
      ['map', new Map([['a', new Set([1n])]])],
      ['bytes', Buffer.from('abc')],
      ['nothing', null],
    ]);
    await first.setMany(values, 600);
    const path = [first, between, last];
    for (const [i, target] of path.slice(1).entries()) {
      const source = path[i] as Cache;
      for (const [key, value] of await source.getMany(Array.from(values.keys()))) {
        await target.set(key, value, await source.ttl(key));
      }
    }
    expect(await last.getMany(Array.from(values.keys()))).toEqual(values);
    expect(await last.ttl('date')).toBeGreaterThanOrEqual(598);
  });
});

describe.each([
  ['memory', {}],
  ['Redis', { redisUrl: suite.url }],
])('under load: %s', (_, options) => {
  it('seed S11.148 50 concurrent sets in less than a second, all readable', async () => {
    const cache = closing(await factory().forWebApp({ ...options, keyPrefix, commandTimeout: '5s' }));
    const keys = Array.from({ length: 50 }, (_, i) => `key:${String(i)}`);
    const start = performance.now();
    await Promise.all(keys.map((key, i) => cache.set(key, { i })));
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map((_, i) => ({ i })));
  });

  it('seed S11.149 5 workers × 100 operations, 80 % reads: more than 100 operations per second', async () => {
    const cache = closing(await factory().forWebApp({ ...options, keyPrefix, commandTimeout: '5s' }));
    const worker = async (n: number): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const key = `key:${String((i * 7 + n) % 50)}`;
        if (i % 5 === 0) await cache.set(key, { n, i });
        else await cache.get(key);
      }
    };
    const start = performance.now();
    await Promise.all([0, 1, 2, 3, 4].map(worker));
    const seconds = (performance.now() - start) / 1000;
    expect(500 / seconds).toBeGreaterThan(100);
    const stats = cache.stats();
    expect(stats.hits + stats.misses).toBe(400);
    expect(stats).toMatchObject({ sets: 100, errors: 0 });
  });
});
