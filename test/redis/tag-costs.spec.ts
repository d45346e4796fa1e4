import type { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
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
