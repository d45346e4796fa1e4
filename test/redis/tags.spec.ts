import type { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { type RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { headerBytes, writeChecksum } from '../../libs/cache-infra/src/codec/header.js';
import { armed } from '../support/armed.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { setStale } from '../support/loads.js';
import { received } from '../support/news.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const table = (): string => `${own.keyPrefix}:!tags`;
const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

/** Scripts that Redis has run. */
async function scripts(raw: Redis): Promise<number> {
  const info = await raw.info('commandstats');
  const calls = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  return calls('evalsha') + calls('eval');
}

async function scriptsOf(work: () => Promise<unknown>): Promise<number> {
  const before = await scripts(own.raw);
  await work();
  return (await scripts(own.raw)) - before;
}

/** The entry, as if it had been made at another epoch. */
function withEpoch(entry: Buffer, epoch: number): Buffer {
  const copy = Buffer.from(entry);
  copy.writeDoubleBE(epoch, headerBytes);
  writeChecksum(copy);
  return copy;
}

/** An instance whose L1 holds tagged entries, and knows all that happened to tags. */
async function holder(
  keys: readonly string[],
  options: Partial<RedisCacheOptions> = {},
): Promise<RedisCache> {
  const cache = await redis({ l1CacheSize: 2000, ...options });
  for (const key of keys) await cache.get(key);
  return cache;
}

async function setTagged(cache: RedisCache, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => cache.set(key, key, { tags: [`x${key}`] })));
}

describe('what tags cost', () => {
  const keys = numbered('k', 300);

  it('T22: a fresh instance learns a full table in at most 3 calls, whatever the number of reads', async () => {
    const writer = await redis();
    const names = numbered('tag-number-', 10_000);
    for (let i = 0; i < 10_000; i += 100) await writer.invalidateTags(...names.slice(i, i + 100));
    await setTagged(writer, keys);
    const fresh = await redis({ l1CacheSize: 2000, commandTimeout: '250ms', onError: 'degrade' });
    let broke = false;
    fresh.on('breakerOpen', () => {
      broke = true;
    });
    let hits = 0;
    const calls = await scriptsOf(async () => {
      const found = await Promise.all(keys.map((key) => fresh.get(key)));
      hits = found.filter((value) => value !== undefined).length;
    });
    expect({ hits, broke }).toEqual({ hits: 300, broke: false });
    expect(calls).toBeLessThanOrEqual(3);
    await writer.invalidateTags('xk7');
    await until(async () => (await fresh.get('k7')) === undefined, 'the invalidation');
    expect(await fresh.get('k8')).toBe('k8');
  });

  it('T22: an L1-less instance shares questions, too', async () => {
    const writer = await redis();
    await setTagged(writer, keys);
    const reader = await redis({ enableL1Cache: false });
    await reader.get('k0');
    const calls = await scriptsOf(async () => {
      const found = await Promise.all(keys.map((key) => reader.get(key)));
      expect(found.every((value) => value !== undefined)).toBe(true);
    });
    expect(calls).toBeLessThanOrEqual(2);
  });

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'T23: after a foreign invalidation of another tag, 300 hits ask nothing (%s)',
    async (coherence) => {
      const writer = await redis({ coherence });
      await setTagged(writer, keys);
      const cache = await holder(keys, { coherence });
      for (let round = 0; round < 3; round++) {
        await writer.invalidateTags(`another-${round}`);
        await received(cache, writer);
        const hits = cache.stats().l1.hits;
        const calls = await scriptsOf(() => Promise.all(keys.map((key) => cache.get(key))));
        expect({ calls, hits: cache.stats().l1.hits - hits }).toEqual({ calls: 0, hits: 300 });
      }
      await writer.invalidateTags('xk7');
      await until(async () => (await cache.get('k7')) === undefined, 'the invalidation');
    },
  );

  it('T23: an own invalidation makes the hits after it ask once at most', async () => {
    const cache = await redis({ l1CacheSize: 2000 });
    await setTagged(cache, keys);
    await Promise.all(keys.map((key) => cache.get(key)));
    await cache.invalidateTags('another');
    await received(cache, await redis());
    const calls = await scriptsOf(() => Promise.all(keys.map((key) => cache.get(key))));
    expect(calls).toBeLessThanOrEqual(1);
  });

  it('T23: 300 sets with tags at once share their questions', async () => {
    const cache = await redis({ l1CacheSize: 2000 });
    await cache.set('first', 1, { tags: ['t'] });
    const tables = await scriptsOf(() =>
      cache.setMany(
        keys.map((key) => [key, 1]),
        { tags: ['t'] },
      ),
    );
    const plain = await scriptsOf(() => cache.setMany(keys.map((key) => [key, 1])));
    expect(tables - plain).toBeLessThanOrEqual(2);
  });

  it('T23: 200 invalidations at once are one script', async () => {
    const cache = await redis();
    await cache.set('key', 1, { tags: ['t150'] });
    const calls = await scriptsOf(() =>
      Promise.all(numbered('t', 200).map((tag) => cache.invalidateTags(tag))),
    );
    expect(calls).toBe(1);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('T23: hundreds of invalidations during reads: each is heeded, and reads go on', async () => {
    const writer = await redis();
    await setTagged(writer, keys);
    const cache = await holder(keys);
    for (let i = 0; i < 200; i++) {
      const reads = keys.slice(0, 20).map((key) => cache.get(key));
      await Promise.all([writer.invalidateTags(`xk${i}`, `other${i}`), ...reads]);
    }
    await until(async () => (await cache.getMany(keys)).size === 100, 'all of them');
    expect([...(await cache.getMany(keys)).keys()]).toEqual(keys.slice(200));
  });
});

describe('a change of the table that no message tells of', () => {
  it('T23: by somebody who does not publish, after one who does: is asked about', async () => {
    const writer = await redis();
    await setTagged(writer, ['a', 'b']);
    const cache = await holder(['a', 'b']);
    await writer.invalidateTags('another');
    await received(cache, writer);
    expect(await cache.get('a')).toBe('a');
    const [, latest = '0'] = await own.raw.zrevrange(table(), 0, 0, 'WITHSCORES');
    await own.raw.zadd(table(), String(Number(latest) + 10), ':xa');
    await until(async () => (await cache.get('a')) === undefined, 'the silent change');
    expect(await cache.get('b')).toBe('b');
  });

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'T23: of a fleet whose user may not publish in scripts (%s): each change is asked about once',
    async (coherence) => {
      const rights = [
        'on',
        '>secret',
        '~*',
        'resetchannels',
        '&__redis__:invalidate',
        '&*:!changes',
        '+@all',
      ];
      await own.raw.call('ACL', 'SETUSER', 'silent', ...rights);
      const { host, port } = own.server;
      const silent = {
        redisUrl: undefined,
        coherence,
        redis: { host, port, username: 'silent', password: 'secret' },
      };
      const writer = await redis(silent);
      const keys = numbered('k', 50);
      await setTagged(writer, keys);
      const cache = await holder(keys, silent);
      for (const key of ['k1', 'k2']) {
        await writer.invalidateTags(`x${key}`);
        await until(async () => (await cache.get(key)) === undefined, 'the invalidation');
        const calls = await scriptsOf(() => Promise.all(keys.slice(3).map((other) => cache.get(other))));
        expect(calls).toBeLessThanOrEqual(2);
      }
    },
  );

  it('T23: an invalidation of more tags than a message should carry is asked about', async () => {
    const writer = await redis();
    const keys = numbered('k', 20);
    await setTagged(writer, keys);
    const cache = await holder(keys);
    await writer.invalidateTags('xk3', ...numbered('a long tag '.repeat(10), 500));
    await until(async () => (await cache.get('k3')) === undefined, 'the invalidation');
    expect(await cache.get('k4')).toBe('k4');
  });

  it('T23: what anybody else publishes on the channel changes nothing', async () => {
    const writer = await redis();
    await setTagged(writer, ['a', 'b']);
    const cache = await holder(['a', 'b']);
    const far = String(Number.MAX_SAFE_INTEGER);
    const [, latest = '0'] = await own.raw.zrevrange(table(), 0, 0, 'WITHSCORES');
    const odd = [
      '',
      'null',
      '[]',
      '{"a":1}',
      '[1,2,3]',
      '["x","y","z"]',
      JSON.stringify([latest, far, far, ':xa']),
    ];
    for (const message of odd) await own.raw.publish(`${table()}@0`, message);
    await received(cache, writer);
    expect([...(await cache.getMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
    expect([...(await (await redis()).getMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
  });

  it('T23: another database with the same prefix has a table of its own', async () => {
    const { host, port } = own.server;
    const inThree = { redisUrl: undefined, redis: { host, port, db: 3 } };
    const [zero, three] = [await redis(), await redis(inThree)];
    for (const cache of [zero, three]) {
      await cache.set('key', 1, { tags: ['t'] });
      await cache.get('key');
    }
    await zero.invalidateTags('t');
    await received(three, await redis(inThree));
    expect([await zero.get('key'), await three.get('key')]).toEqual([undefined, 1]);
  });
});

describe('a tag table that lost something', () => {
  it('T24: raised by an instance that knows better, it forgets for nobody', async () => {
    const cache = await redis();
    await cache.set('page', 'old', { tags: ['t'] });
    const page = `${own.keyPrefix}::page`;
    const [before, entry] = [await own.raw.dumpBuffer(table()), await own.raw.dumpBuffer(page)];
    await cache.invalidateTags('t');
    await own.raw.restore(table(), 0, before, 'REPLACE');
    await own.raw.restore(page, 3_600_000, entry, 'REPLACE');
    await received(cache, await redis());
    expect(await cache.get('page')).toBeUndefined();
    expect(await (await redis()).get('page')).toBeUndefined();
  });

  it('T24: raised by an entry that is later than the table', async () => {
    const writer = await redis();
    await writer.set('page', 'old', { tags: ['t'] });
    const page = `${own.keyPrefix}::page`;
    const [before, entry] = [await own.raw.dumpBuffer(table()), await own.raw.dumpBuffer(page)];
    await writer.invalidateTags('t');
    await writer.set('later', 1, { tags: ['u'] });
    await own.raw.restore(table(), 0, before, 'REPLACE');
    await own.raw.restore(page, 3_600_000, entry, 'REPLACE');
    await writer.close();
    const fresh = await redis();
    expect(await fresh.get('later')).toBe(1);
    expect(await fresh.get('page')).toBeUndefined();
  });

  it.each([
    ['an epoch far ahead in the table', 'zadd'],
    ['another type in its place', 'set'],
  ] as const)('T24: %s: entries from before are misses once, and tags work again', async (_, how) => {
    const [one, other] = [await redis(), await redis()];
    await one.set('key', 'old', { tags: ['t'] });
    await other.get('key');
    if (how === 'zadd') await own.raw.zadd(table(), 2 ** 53, ':nobody');
    else await own.raw.set(table(), 'text');
    await received(one, other);
    await received(other, one);
    expect(await one.get('key')).toBeUndefined();
    await one.set('key', 'new', { tags: ['t'] });
    expect(await (await redis()).get('key')).toBe('new');
    await until(async () => (await other.get('key')) === 'new', 'the other instance');
    await other.invalidateTags('t');
    await until(async () => (await one.get('key')) === undefined, 'the invalidation');
    const [, latest] = await own.raw.zrevrange(table(), 0, 0, 'WITHSCORES');
    expect(Number(latest)).toBeLessThan((Date.now() + 86_400_000) * 1000);
  });

  it('T24: an entry with an absurd epoch is a miss, and no others are', async () => {
    const cache = await redis();
    await cache.set('key', 1, { tags: ['t'] });
    await cache.set('odd', 1, { tags: ['t'] });
    const codec = await own.raw.getBuffer(`${own.keyPrefix}::odd`);
    await own.raw.set(`${own.keyPrefix}::odd`, withEpoch(codec as Buffer, Number.MAX_SAFE_INTEGER - 1));
    const fresh = await redis();
    await received(cache, fresh);
    expect([await fresh.get('odd'), await fresh.get('key'), await cache.get('key')]).toEqual([
      undefined,
      1,
      1,
    ]);
  });
});

describe('a tag with half an emoji', () => {
  const tag = 'team 🦊'.slice(0, 6);

  it('T59: its invalidation is heard, and it can be used again', async () => {
    const [one, other] = [await redis(), await redis()];
    await one.set('key', 'old', { tags: [tag] });
    expect(await other.get('key')).toBe('old');
    await other.invalidateTags(tag);
    await until(async () => (await one.get('key')) === undefined, 'the invalidation');
    await one.set('key', 'new', { tags: [tag] });
    await until(async () => (await other.get('key')) === 'new', 'the new value');
    expect(await one.get('key')).toBe('new');
  });

  it('T59: is neither another half nor what stands for it', async () => {
    const cache = await redis();
    const others = ['team \uD83E\uDD8A', 'team \uDD8A', 'team \uFFFD', 'team %uD83E', 'team '];
    await Promise.all(others.map((other) => cache.set(other, 1, { tags: [other] })));
    await cache.set('key', 1, { tags: [tag] });
    await cache.invalidateTags(tag);
    const fresh = await redis();
    expect(await fresh.get('key')).toBeUndefined();
    expect((await fresh.getMany(others)).size).toBe(others.length);
    await fresh.invalidateTags(...others.slice(1));
    expect((await fresh.getMany(others)).size).toBe(1);
  });

  it('T59: in a namespace it is covered from above and not from beside', async () => {
    const cache = await redis();
    const [users, pages] = [cache.namespace('users'), cache.namespace('pages')];
    for (const each of [users, pages]) await each.set('key', 1, { tags: [tag] });
    await users.invalidateTags(tag);
    const fresh = await redis();
    expect([await fresh.namespace('users').get('key'), await fresh.namespace('pages').get('key')]).toEqual([
      undefined,
      1,
    ]);
    await fresh.invalidateTags(tag);
    expect(await fresh.namespace('pages').get('key')).toBeUndefined();
  });

  it('T59: plain tags stand readable in the table', async () => {
    const cache = await redis();
    await cache.invalidateTags('products', 'a:b', '100 %');
    expect(await own.raw.zrange(table(), '0', '-1')).toEqual(['', ':100 %', ':a:b', ':products']);
  });
});

describe('a set with tags that an invalidation overtakes', () => {
  it.each(['both', 'l1'] as const)('T23: is not seen, nor is the value before it (%s)', async (tiers) => {
    const cache = await redis();
    await cache.set('key', 'without tags');
    for (let i = 0; i < 10; i++) {
      // Others keep a question under way, so that the write has to wait for the next.
      const reads = numbered('nothing', 5).map((key) => cache.set(key, 1, { tags: ['u'] }));
      await Promise.resolve();
      const set = cache.set('key', i, { tags: ['t'], tiers });
      const invalidated = cache.invalidateTags('t');
      await Promise.all([...reads, set, invalidated]);
      expect([undefined, tiers === 'l1' ? 'without tags' : undefined]).toContain(await cache.get('key'));
    }
  });

  it('T23: one that comes after it in the same turn is seen', async () => {
    const cache = await redis();
    for (let i = 0; i < 10; i++) {
      const invalidated = cache.invalidateTags('t');
      const set = cache.set('key', i, { tags: ['t'] });
      await Promise.all([invalidated, set]);
      expect(await cache.get('key')).toBe(i);
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(i);
    }
  });

  it('T23: one that follows a foreign invalidation at once is seen', async () => {
    const [one, other] = [await redis(), await redis()];
    for (let i = 0; i < 50; i++) {
      await other.invalidateTags('t');
      await one.set('key', i, { tags: ['t'] });
      expect(await one.get('key')).toBe(i);
    }
    expect(await armed(other)).toBe(other);
  });
});

describe('entries without tags in a cache that has a tag table', () => {
  it.each([
    ['grace', { grace: 60 }],
    ['l1Ttl', { l1Ttl: 30 }],
    ['nothing special', {}],
  ])('are L1 hits once read from Redis: %s', async (_, options) => {
    const [cache, other] = [await redis(options), await redis(options)];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await cache.get('tagged');
    await other.set('key', 'value', { ttl: 60 });
    await cache.get('key');
    await cache.get('key');
    const before = cache.stats().l2.hits;
    for (let i = 0; i < 5; i++) expect(await cache.get('key')).toBe('value');
    expect(cache.stats().l2.hits - before).toBe(0);
  });

  it('have their grace, when read from Redis', async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await other.set('tagged', 1, { tags: ['t'] });
    await cache.get('tagged');
    await setStale(other, 'stale');
    const loaded = cache.getOrSet('key', () => Promise.reject(new Error('down')), { grace: 60 });
    await expect(loaded).resolves.toBe('stale');
  });
});
