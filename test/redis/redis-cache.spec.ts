import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { ValidationError } from '../../libs/cache-infra/src/base/errors.js';
import { armed } from '../support/armed.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';
import { until } from '../support/until.js';

const suite = redisForSuite();
const closing = closingAfterEach();
let keyPrefix: string;
let raw: Redis;

beforeEach(() => {
  keyPrefix = `${suite.prefix}-${randomUUID()}`;
  raw = new Redis(suite.url);
});
afterEach(() => {
  raw.disconnect();
});

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(
    new RedisCache({ redisUrl: suite.url, keyPrefix, onError: 'throw', commandTimeout: '5s', ...options }),
  );
}

/** What remembers deletes and clears for a while is no entry, and is left out. */
async function rawKeys(): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of raw.scanStream({ match: `${keyPrefix}*`, count: 1000 }))
    found.push(...(keys as string[]));
  const names = found.map((key) => key.slice(keyPrefix.length));
  return names.filter((name) => !name.startsWith(':!d:') && name !== ':!cleared').sort();
}

/** With an L1 before Redis, and without: the contract is the same. */
const shapes: [what: string, options: Partial<RedisCacheOptions>][] = [
  ['with an L1', {}],
  ['without an L1', { enableL1Cache: false }],
];

describe('seed S4.38 RedisCache', () => {
  it('seed S2.21 is usable without an explicit connect', async () => {
    const cache = new RedisCache({
      redisUrl: suite.url,
      keyPrefix,
      defaultTtl: 3600,
      enableL1Cache: true,
      l1CacheSize: 100,
    });
    closing(cache);
    expect(cache).toMatchObject({ defaultTtl: 3600, maxSize: 100 });
    await cache.set('key', 'value');
    expect(await raw.exists(`${keyPrefix}::key`)).toBe(1);
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
    expect(await raw.pttl(`${keyPrefix}::ever`)).toBe(-1);
    expect(await raw.pttl(`${keyPrefix}::short`)).toBeLessThanOrEqual(1500);
  });

  it('pitfall (nest #10876) more than 24.8 days', async () => {
    const cache = redis(options);
    await cache.set('key', 1, '30d');
    expect(await redis(options).ttl('key')).toBe(30 * 86_400);
  });

  it('an entry that expires is gone from both tiers', async () => {
    const cache = redis(options);
    await cache.set('key', 1, '20ms');
    await until(async () => (await raw.exists(`${keyPrefix}::key`)) === 0, 'Redis to expire the key');
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

  describe('clear', () => {
    it("pitfall (others) of 'users' does not clear 'usersAbc'; below it, it does", async () => {
      const cache = redis(options);
      const users = cache.namespace('users');
      const views: Cache[] = [cache, users, users.namespace('eu'), cache.namespace('usersAbc')];
      for (const view of views) await view.set('1', 1);
      await users.clear();
      expect(await Promise.all(views.map((view) => view.has('1')))).toEqual([true, false, false, true]);
      expect(await rawKeys()).toEqual(['::1', ':usersAbc:1']);
    });

    it('of the root clears all of this cache and nothing else on the server', async () => {
      const neighbours = [`${keyPrefix}Abc::1`, keyPrefix, `${keyPrefix}.sessions::1`, `x${keyPrefix}::1`];
      for (const key of neighbours) await raw.set(key, 'theirs');
      const cache = redis(options);
      const names = ['users', '!bang', 'a:b', 'a/b', '*'];
      for (const name of names) await cache.namespace(name).set('1', 1, { tags: ['tag'] });
      await cache.setMany(Array.from({ length: 1500 }, (_, i) => [`key:${String(i)}`, i]));
      await cache.clear();
      expect((await rawKeys()).filter((key) => key !== ':!tags').map((key) => keyPrefix + key)).toEqual(
        neighbours.filter((key) => key.startsWith(keyPrefix)).sort(),
      );
      expect(await raw.mget(...neighbours)).toEqual(neighbours.map(() => 'theirs'));
      await raw.unlink(...neighbours);
    });

    it('never asks the server to flush', async () => {
      const before = await commandCalls(raw);
      const cache = redis(options);
      await cache.set('1', 1);
      await cache.clear();
      await cache.invalidatePattern('*');
      const after = await commandCalls(raw);
      for (const command of ['flushdb', 'flushall', 'keys'])
        expect(after.get(command)).toBe(before.get(command));
    });
  });

  describe('patterns', () => {
    const keys = [
      'user:1',
      'user:12',
      'user:2',
      'users',
      'a*b',
      'aXb',
      'a\\b',
      'ü1',
      '🔑1',
      '[ab]',
      'a-c',
      '^x',
      '{slot}1',
    ];

    it.each([
      ['user:*', ['user:1', 'user:12', 'user:2']],
      ['user:?', ['user:1', 'user:2']],
      ['?1', ['ü1', '🔑1']],
      ['a*b', ['a*b', 'aXb', 'a\\b']],
      ['a\\*b', ['a*b']],
      ['a\\\\b', ['a\\b']],
      ['[ab]', ['[ab]']],
      ['a-c', ['a-c']],
      ['^x', ['^x']],
      ['{slot}*', ['{slot}1']],
      ['*', keys],
      ['nothing*', []],
    ])('%p covers %p', async (glob, covered) => {
      const cache = redis(options);
      await cache.setMany(keys.map((key) => [key, key]));
      expect(await cache.invalidatePattern(glob)).toBe(covered.length);
      const left = keys.filter((key) => !covered.includes(key));
      expect([...(await cache.getMany(keys)).keys()]).toEqual(left);
      expect([...(await redis(options).getMany(keys)).keys()]).toEqual(left);
    });

    it('covers this namespace alone', async () => {
      const cache = redis(options);
      const users = cache.namespace('users');
      for (const view of [cache, users, users.namespace('eu'), cache.namespace('usersAbc')])
        await view.set('1', 1);
      expect(await users.invalidatePattern('*')).toBe(1);
      expect(await rawKeys()).toEqual(['::1', ':users/eu:1', ':usersAbc:1']);
    });
  });

  describe('tags', () => {
    it('one of several is enough, in the next namespace not', async () => {
      const cache = redis(options);
      await cache.set('a', 1, { tags: ['x', 'y'] });
      await cache.set('b', 1, { tags: ['y'] });
      await cache.namespace('n').set('c', 1, { tags: ['x'] });
      await cache.namespace('m').set('d', 1, { tags: ['x'] });
      await cache.namespace('m').invalidateTags('x');
      expect(await cache.namespace('n').has('c')).toBe(true);
      expect(await cache.namespace('m').has('d')).toBe(false);
      await cache.invalidateTags('x');
      expect([...(await cache.getMany(['a', 'b'])).keys()]).toEqual(['b']);
      expect(await cache.namespace('n').has('c')).toBe(false);
    });

    it('an invalidation by one instance holds for one that has not met the tag', async () => {
      await redis(options).set('key', 1, { tags: ['x'] });
      await redis(options).invalidateTags('x');
      const late = redis(options);
      expect(await late.get('key')).toBeUndefined();
      expect((await late.getMany(['key'])).size).toBe(0);
      expect(await late.has('key')).toBe(false);
      expect(await late.getOrSet('key', () => 'loaded', { tags: ['x'] })).toBe('loaded');
      expect(await redis(options).get('key')).toBe('loaded');
    });

    it('a value stored after the invalidation is valid for all', async () => {
      const [one, other] = [redis(options), redis(options)];
      await one.set('key', 1, { tags: ['x'] });
      await other.invalidateTags('x');
      await one.set('key', 2, { tags: ['x'] });
      expect(await redis(options).get('key')).toBe(2);
      expect(await one.get('key')).toBe(2);
    });

    it('tags that a loader adds hold for all, from the first entry with tags on', async () => {
      const cache = redis(options);
      const load = (ctx: { tags(...tags: string[]): void }): string => {
        ctx.tags('late');
        return 'value';
      };
      await cache.getOrSet('key', load);
      expect(await redis(options).get('key')).toBe('value');
      expect(await cache.get('key')).toBe('value');
      await redis(options).invalidateTags('late');
      expect(await redis(options).get('key')).toBeUndefined();
    });

    it('the cost of an invalidation does not depend on the number of entries: no scan', async () => {
      const cache = redis(options);
      await cache.setMany(
        Array.from({ length: 200 }, (_, i) => [`key:${String(i)}`, i]),
        { tags: ['x'] },
      );
      const before = await commandCalls(raw);
      await cache.invalidateTags('x');
      const after = await commandCalls(raw);
      for (const command of ['scan', 'unlink', 'del']) expect(after.get(command)).toBe(before.get(command));
      expect(await cache.has('key:7')).toBe(false);
    });

    it('tags of any characters', async () => {
      const cache = redis(options);
      const tags = [':', '', 'a b', 'ключ', '🔑', '\0', '{t}', 'x'.repeat(500)].filter((tag) => tag !== '');
      for (const tag of tags) {
        await cache.set('key', 1, { tags: [tag] });
        expect(await redis(options).get('key')).toBe(1);
        await cache.invalidateTags(tag);
        expect(await cache.get('key')).toBeUndefined();
        expect(await redis(options).get('key')).toBeUndefined();
      }
    });
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

describe('two tiers', () => {
  it('a value set here is served from the L1, one set elsewhere from the L2, then from the L1', async () => {
    const [one, other] = [await armed(redis()), await armed(redis())];
    await one.set('key', 'value');
    await one.get('key');
    expect(one.stats()).toMatchObject({ hits: 1, l1: { hits: 1, sets: 1 }, l2: { hits: 0, sets: 1 } });
    await other.get('key');
    await other.get('key');
    expect(other.stats()).toMatchObject({
      hits: 2,
      l1: { hits: 1, misses: 1, sets: 1 },
      l2: { hits: 1, misses: 0 },
    });
  });

  it('a miss is counted in both tiers, and once as a miss', async () => {
    const cache = redis();
    await cache.get('missing');
    await cache.getOrSet('loaded', () => 1);
    await cache.getMany(['x', 'y']);
    expect(cache.stats()).toMatchObject({ misses: 4, l1: { misses: 4 }, l2: { misses: 4 }, loads: 1 });
  });

  it('hits tell their tier', async () => {
    await redis().set('key', 1);
    const cache = await armed(redis());
    const tiers: string[] = [];
    cache.on('hit', ({ tier }) => tiers.push(tier));
    await cache.get('key');
    await cache.get('key');
    await cache.getMany(['key']);
    await cache.getOrSet('key', () => 2);
    expect(tiers).toEqual(['l2', 'l1', 'l1', 'l1']);
  });

  it('what the L1 evicts is still in Redis', async () => {
    const cache = await armed(redis({ l1CacheSize: 2 }));
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    expect(cache.stats()).toMatchObject({ evictions: 1, size: 2 });
    expect(await cache.get('a')).toBe('a');
    expect(cache.stats().l2.hits).toBe(1);
  });

  it('concurrent reads of one key ask Redis once', async () => {
    await redis().set('key', { n: 1 });
    const cache = await armed(redis());
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.get<{ n: number }>('key')));
    expect(new Set(values).size).toBe(50);
    expect(values[0]).toEqual({ n: 1 });
    expect(cache.stats().l1.sets).toBe(1);
  });

  it('pitfall (others) L1 never outlives L2 after promotion', async () => {
    // On the real clock: a reader may ask Redis for its time at any moment, and a clock of the test's own would not agree.
    const reader = redis({ coherence: 'none', defaultTtl: 60 });
    await redis().set('key', 1, 2);
    const redisKey = `${keyPrefix}::key`;
    await until(async () => (await raw.pttl(redisKey)) < 900, 'a part of the ttl has passed');
    expect(await reader.get('key')).toBe(1);
    const leftInRedis = (await raw.pttl(redisKey)) / 1000;
    const left = (await reader.ttl('key')) as number;
    expect(reader.stats().l2.hits).toBe(1);
    expect(left).toBeGreaterThan(0);
    // `ttl` rounds up to whole seconds; the rest is for the clocks of two processes.
    expect(left).toBeLessThanOrEqual(Math.ceil(leftInRedis + 0.05));
    await until(async () => (await raw.exists(redisKey)) === 0, 'it has expired in Redis');
    await until(async () => (await reader.get('key')) === undefined, 'and in the L1', 1000);
  });

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('pitfall (others) nor does it when the clock of the writer is an hour %s', async (_, skew) => {
    const writer = redis({ advanced: { clock: { now: () => Date.now() + skew } } });
    // The very first call: before it, nothing is known of Redis's time.
    await writer.set('key', 1, 60);
    await raw.pexpire(`${keyPrefix}::key`, 60_000);
    const reader = await armed(redis());
    expect(await reader.get('key')).toBe(1);
    const left = await reader.ttl('key');
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(60);
    expect(reader.stats().l1.sets).toBe(1);
  });

  it("isolation 'freeze' gives a frozen value from Redis as well", async () => {
    await redis().set('key', { a: [1] });
    const cache = redis({ isolation: 'freeze' });
    const first = await cache.get<{ a: number[] }>('key');
    expect(Object.isFrozen(first?.a)).toBe(true);
    expect(await cache.get('key')).toBe(first);
  });

  it('guarantee 7: two readers of one answer from Redis get a copy each', async () => {
    await redis().set('key', { a: [1] });
    for (const options of [{}, { enableL1Cache: false }]) {
      const cache = redis(options);
      await cache.connect();
      const [first, second] = await Promise.all([1, 2].map(() => cache.get<{ a: number[] }>('key')));
      first?.a.push(2);
      expect(second).toEqual({ a: [1] });
      expect(await cache.get('key')).toEqual({ a: [1] });
    }
  });
});

describe('several caches on one Redis', () => {
  it('named caches stay apart, whatever their names', async () => {
    const names = ['a', 'a:b', 'ab', 'a.b', 'a/b', '*'];
    const caches = names.map((name) =>
      closing(new RedisCache({ redisUrl: suite.url, name: `${keyPrefix}${name}`, commandTimeout: '5s' })),
    );
    for (const [i, cache] of caches.entries()) await cache.set('key', names[i]);
    await caches[0]?.namespace('b').set('key', 'a, b');
    const read = (): Promise<unknown[]> =>
      Promise.all(
        names.map((name) =>
          closing(
            new RedisCache({ redisUrl: suite.url, name: `${keyPrefix}${name}`, commandTimeout: '5s' }),
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

async function commandCalls(client: Redis): Promise<Map<string, string>> {
  const info = await client.info('commandstats');
  return new Map(
    Array.from(info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm), ([, name, calls]) => [
      String(name),
      String(calls),
    ]),
  );
}
