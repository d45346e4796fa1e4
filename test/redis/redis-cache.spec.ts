import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { ValidationError } from '../../libs/cache-infra/src/base/errors.js';
import { cachesOnSharedRedis, shapes } from '../support/caches-on-shared-redis.js';
import { until } from '../support/until.js';

const own = cachesOnSharedRedis();
const { redis, rawKeys, closing } = own;

describe('seed S4.38 RedisCache', () => {
  it('seed S2.21 is usable without an explicit connect', async () => {
    const cache = new RedisCache({
      redisUrl: own.url,
      keyPrefix: own.keyPrefix,
      defaultTtl: 3600,
      enableL1Cache: true,
      l1CacheSize: 100,
    });
    closing(cache);
    expect(cache).toMatchObject({ defaultTtl: 3600, maxSize: 100 });
    await cache.set('key', 'value');
    expect(await own.raw.exists(`${own.keyPrefix}::key`)).toBe(1);
  });

  it('seed S4.42 the L1 holds 100 entries unless told otherwise', () => {
    expect(redis().maxSize).toBe(100);
    expect(redis({ l1CacheSize: 7 }).maxSize).toBe(7);
  });

  it('seed S2.22 teardown clears and closes', async () => {
    const cache = redis();
    await cache.set('key', 'value');
    await cache.clear();
    await cache.close();
    expect(await rawKeys()).toEqual([]);
  });

  it('connect resolves once Redis answers, also twice', async () => {
    const cache = redis();
    await cache.connect();
    await expect(cache.connect()).resolves.toBeUndefined();
  });

  it('refuses options by listing every problem', () => {
    const options = { redisUrl: '', l1CacheSize: 0, advanced: { compressionLevel: 10 } };
    expect(() => new RedisCache(options)).toThrow(ValidationError);
    expect(() => new RedisCache(options)).toThrow(/redisUrl.*l1CacheSize.*advanced\.compressionLevel/);
  });
});

describe.each(shapes)('the contract on Redis, %s', (_, options) => {
  it('seed S4.39-40 objects and nested structures come back deep-equal', async () => {
    const value = {
      id: 123,
      profile: { name: 'Ada', tags: ['a', 'b'], address: { city: 'London', geo: [51.5, -0.1] } },
      history: [{ at: '2026-01-01', items: [{ n: 1 }, { n: 2, sub: { deep: [[[]]] } }] }],
      none: null,
      ok: true,
    };
    const cache = redis(options);
    await cache.set('key', value);
    expect(await cache.get('key')).toEqual(value);
    expect(await redis(options).get('key')).toEqual(value);
  });

  it('set, get, has, delete', async () => {
    const cache = redis(options);
    expect(await cache.get('key')).toBeUndefined();
    await cache.set('key', 1);
    expect(await cache.has('key')).toBe(true);
    expect(await cache.delete('key')).toBe(true);
    expect(await cache.delete('key')).toBe(false);
    expect(await cache.has('key')).toBe(false);
    expect(await rawKeys()).toEqual([]);
  });

  it('getMany, setMany and deleteMany', async () => {
    const cache = redis(options);
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    expect([...(await cache.getMany(['b', 'x', 'a', 'b']))]).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
    expect(await redis(options).deleteMany(['a', 'a', 'x'])).toBe(1);
    expect(await redis(options).deleteMany([])).toBe(0);
  });

  it('many keys at once: 2,000, with duplicates', async () => {
    const keys = Array.from({ length: 2000 }, (_, i) => `key:${String(i)}`);
    await redis(options).setMany(keys.map((key, i) => [key, i]));
    const cache = redis(options);
    const asked = [...keys, ...keys.slice(0, 500), 'missing', 'missing'];
    const found = await cache.getMany<number>(asked);
    expect(found.size).toBe(2000);
    expect([...found.values()]).toEqual(keys.map((_, i) => i));
    expect(cache.stats()).toMatchObject({ hits: 2000, misses: 1 });
    expect(await cache.deleteMany(asked)).toBe(2000);
  });

  it('getOrSet loads once, for this and for others', async () => {
    let loads = 0;
    const load = (): { n: number } => ({ n: ++loads });
    const [one, other] = [redis(options), redis(options)];
    expect(await Promise.all([1, 2, 3].map(() => one.getOrSet('key', load)))).toEqual([
      { n: 1 },
      { n: 1 },
      { n: 1 },
    ]);
    expect(await other.getOrSet('key', load)).toEqual({ n: 1 });
    expect(await other.getOrSet('key', load, { forceRefresh: true })).toEqual({ n: 2 });
    expect(await redis(options).get('key')).toEqual({ n: 2 });
  });

  it('pitfall (nest #4997, #10225) null, false, 0 and "" are hits', async () => {
    const cache = redis(options);
    const values = [null, false, 0, '', NaN];
    for (const value of values) {
      await cache.set('key', value);
      const reader = redis(options);
      expect(Object.is(await reader.get('key'), value)).toBe(true);
      expect(await reader.getOrSet('key', () => 'loaded')).toEqual(value);
      expect(await reader.has('key')).toBe(true);
    }
  });

  it('ttl in seconds; 0 = never; undefined = absent', async () => {
    const cache = redis(options);
    await cache.set('minute', 1, 60);
    await cache.set('short', 1, '1500ms');
    await cache.set('ever', 1, 0);
    await cache.set('default', 1);
    const reader = redis(options);
    for (const view of [cache, reader]) {
      expect(await view.ttl('minute')).toBe(60);
      expect(await view.ttl('short')).toBe(2);
      expect(await view.ttl('ever')).toBe(Infinity);
      expect(await view.ttl('default')).toBe(3600);
      expect(await view.ttl('absent')).toBeUndefined();
    }
    expect(await own.raw.pttl(`${own.keyPrefix}::ever`)).toBe(-1);
    expect(await own.raw.pttl(`${own.keyPrefix}::short`)).toBeLessThanOrEqual(1500);
  });

  it('pitfall (nest #10876) more than 24.8 days', async () => {
    const cache = redis(options);
    await cache.set('key', 1, '30d');
    expect(await redis(options).ttl('key')).toBe(30 * 86_400);
  });

  it('an entry that expires is gone from both tiers', async () => {
    const cache = redis(options);
    await cache.set('key', 1, '20ms');
    await until(async () => (await own.raw.exists(`${own.keyPrefix}::key`)) === 0, 'Redis to expire the key');
    await until(async () => (await cache.get('key')) === undefined, 'the cache to follow');
    expect(await redis(options).get('key')).toBeUndefined();
  });

  it('pitfall (others) keys of any characters, up to any length', async () => {
    const long = 'x'.repeat(3000);
    const odd = [
      ':',
      '/',
      '\0',
      '{}',
      '{0}',
      'a b',
      'ключ',
      '🔑',
      '*',
      '?',
      '\\',
      '[a]',
      '!tags',
      '\ud800',
      '\udfff',
      long,
      `${long}y`,
    ];
    const cache = redis(options);
    await cache.setMany(odd.map((key, i) => [key, i]));
    expect([...(await redis(options).getMany(odd))]).toEqual(odd.map((key, i) => [key, i]));
    expect(await cache.deleteMany(odd)).toBe(odd.length);
    expect(await rawKeys()).toEqual([]);
  });

  it('namespaces are apart from each other and from the root', async () => {
    const cache = redis(options);
    const views = [
      cache,
      cache.namespace('users'),
      cache.namespace('usersAbc'),
      cache.namespace('users').namespace('eu'),
    ];
    for (const [i, view] of views.entries()) await view.set('1', i);
    const other = redis(options);
    const again = [
      other,
      other.namespace('users'),
      other.namespace('usersAbc'),
      other.namespace('users').namespace('eu'),
    ];
    expect(await Promise.all(again.map((view) => view.get('1')))).toEqual([0, 1, 2, 3]);
  });

  it('seed S9.106-107 concurrent sets and gets', async () => {
    const cache = redis(options);
    const keys = Array.from({ length: 200 }, (_, i) => `key:${String(i)}`);
    await Promise.all(keys.map((key, i) => cache.set(key, i)));
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map((_, i) => i));
  });

  it('seed S9.108 `await using` closes it', async () => {
    let kept: RedisCache;
    {
      await using cache = redis(options);
      await cache.set('key', 1);
      kept = cache;
    }
    await expect(kept.get('key')).rejects.toThrow('is closed');
  });
});

describe('a cache that is closed in the turn of its last calls', () => {
  it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 'value')],
    ['set with tags', (cache) => cache.set('key', 'value', { tags: ['t'] })],
    ['set of a value that is compressed', (cache) => cache.set('key', 'value'.repeat(10_000))],
    ['setMany', (cache) => cache.setMany([['key', 'value']])],
  ])('%s: Redis has the value when close() has ended', async (_, call) => {
    const cache = redis({ enableCompression: true, onError: 'degrade' });
    await cache.connect();
    await cache.set('other', 1, { tags: ['t'] });
    const called = call(cache);
    await cache.close();
    await called;
    expect(await own.raw.exists(`${own.keyPrefix}::key`)).toBe(1);
  });
});

describe('a cache that is closed in the turn of an invalidation', () => {
  it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('key')],
    ['deleteMany', (cache) => cache.deleteMany(['key'])],
    ['expire', (cache) => cache.expire('key')],
    ['invalidateTags', (cache) => cache.invalidateTags('t')],
    ['expireTags', (cache) => cache.expireTags('t')],
    ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
    ['clear', (cache) => cache.clear()],
  ])('%s: no other instance gets the value when close() has ended', async (_, invalidate) => {
    const cache = redis({ onError: 'degrade' });
    await cache.connect();
    await cache.set('key', 'value', { tags: ['t'], grace: '1m' });
    const called = invalidate(cache);
    await cache.close();
    await called;
    expect(await redis().get('key')).toBeUndefined();
  });
});

describe('several caches on one Redis', () => {
  it('named caches stay apart, whatever their names', async () => {
    const names = ['a', 'a:b', 'ab', 'a.b', 'a/b', '*'];
    const caches = names.map((name) =>
      closing(new RedisCache({ redisUrl: own.url, name: `${own.keyPrefix}${name}`, commandTimeout: '5s' })),
    );
    for (const [i, cache] of caches.entries()) await cache.set('key', names[i]);
    await caches[0]?.namespace('b').set('key', 'a, b');
    const read = (): Promise<unknown[]> =>
      Promise.all(
        names.map((name) =>
          closing(
            new RedisCache({ redisUrl: own.url, name: `${own.keyPrefix}${name}`, commandTimeout: '5s' }),
          ).get('key'),
        ),
      );
    expect(await read()).toEqual(names);
    await caches[0]?.clear();
    expect(await read()).toEqual([undefined, ...names.slice(1)]);
    for (const cache of caches) await cache.clear();
  });

  it('enabled: false touches neither tier', async () => {
    const cache = redis({ enabled: false });
    await cache.set('key', 1);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getOrSet('key', () => 2)).toBe(2);
    expect(await rawKeys()).toEqual([]);
  });
});
