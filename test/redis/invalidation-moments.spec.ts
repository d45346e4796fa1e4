import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { heldLoad, setStale } from '../support/loads.js';
import { received } from '../support/news.js';
import { elapse, quietFor } from '../support/time.js';

const own = cachesOnOwnRedis();
const { redis } = own;

interface Kind {
  readonly name: string;
  invalidate(cache: RedisCache): Promise<unknown>;
}
const kinds: Kind[] = [
  { name: 'delete', invalidate: (c) => c.delete('key') },
  { name: 'deleteMany', invalidate: (c) => c.deleteMany(['key', 'x']) },
  { name: 'tags', invalidate: (c) => c.invalidateTags('t') },
  { name: 'pattern', invalidate: (c) => c.invalidatePattern('k?y') },
  { name: 'clear', invalidate: (c) => c.clear() },
];

/** The instance that invalidates: the one that works, or another. */
const wheres = ['here', 'elsewhere'] as const;
const cases = kinds.flatMap((kind) => wheres.map((where) => [kind.name, where, kind] as const));

describe.each(cases)('%s %s, at each moment of a read, write or load', (_, where, { invalidate }) => {
  const two = async (options: Partial<RedisCacheOptions> = {}): Promise<[RedisCache, RedisCache]> => {
    const cache = await redis(options);
    return [cache, where === 'here' ? cache : await redis(options)];
  };
  const gone = async (cache: RedisCache, other: RedisCache): Promise<void> => {
    await received(cache, other);
    expect(await cache.get('key')).toBeUndefined();
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
  };

  it('during reads of the L2', async () => {
    const [cache, other] = await two();
    const writer = await redis();
    for (let i = 0; i < 60; i++) {
      await writer.set('key', i, { ttl: 60, tags: ['t'] });
      const reads = [
        cache.get('key'),
        cache.getOrSet('key', () => -1, { tags: ['t'], tiers: 'l1' }).then(() => cache.delete('none')),
      ];
      if (i % 3) await new Promise((resolve) => setImmediate(resolve));
      const invalidated = invalidate(other);
      if (i % 2) reads.push(cache.getMany(['key', 'y']));
      await Promise.all([...reads, invalidated]);
      await received(cache, other);
      // What was loaded into the L1 alone after the invalidation may stay: -1.
      const value = await cache.get('key');
      expect([undefined, -1]).toContain(value);
      await cache.delete('key');
    }
  });

  it('during a write to the L2', async () => {
    const [cache, other] = [await redis(), await redis()];
    for (let i = 0; i < 40; i++) {
      const value = i % 2 ? 'x'.repeat(20_000) : i;
      const set = cache.set('key', value, { ttl: 60, tags: ['t'] });
      if (i % 3 === 0) await Promise.resolve();
      const invalidated = invalidate(cache);
      await Promise.all([set, invalidated]);
      await received(cache, other);
      expect(await cache.get('key')).toBeUndefined();
      expect(await (i % 10 ? cache : await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
    }
  });

  it('during a refresh in the background', async () => {
    const [cache, other] = await two();
    const options = { ttl: 2, refreshAhead: 0.1, tags: ['t'] };
    await cache.getOrSet('key', () => 'old', options);
    // A tenth of the ttl has passed: the next hit starts a refresh.
    await elapse(300);
    const held = await heldLoad(cache, options);
    await invalidate(other);
    await received(cache, other);
    held.succeed('from before');
    // The refresh has no caller that would tell of its end.
    await quietFor(60);
    await gone(cache, other);
  });

  it('before a grace is served', async () => {
    const [cache, other] = await two();
    await setStale(cache, 'stale', { tags: ['t'] });
    await invalidate(other);
    await received(cache, other);
    const failing = cache.getOrSet('key', () => Promise.reject(new Error('down')), {
      tags: ['t'],
      grace: 60,
    });
    await expect(failing).rejects.toThrow('down');
  });

  it('during the back-off of a grace', async () => {
    const [cache, other] = await two();
    await setStale(cache, 'stale', { tags: ['t'] });
    const fail = (): Promise<string> => Promise.reject(new Error('down'));
    expect(await cache.getOrSet('key', fail, { grace: 60 })).toBe('stale');
    await invalidate(other);
    await received(cache, other);
    await expect(cache.getOrSet('key', fail, { grace: 60 })).rejects.toThrow('down');
  });

  it('tags that the loader names after they were invalidated in mid-load', async () => {
    const [cache, other] = await two();
    const [started, end] = [deferred(), deferred<string>()];
    const loaded = cache.getOrSet('key', async ({ tags }) => {
      started.resolve();
      const value = await end.promise;
      tags('t');
      return value;
    });
    await started.promise;
    await invalidate(other);
    end.resolve('from before');
    await loaded;
    await gone(cache, other);
  });

  it('in a namespace, from the cache above (tags and clear), and not from a sibling', async () => {
    const [cache, other] = await two();
    const users = cache.namespace('users');
    const held = await heldLoad(users, { tags: ['t'] });
    await invalidate(other.namespace('usersAbc') as RedisCache);
    await received(cache, other);
    held.succeed('value');
    await held.value;
    await received(cache, other);
    expect(await users.get('key')).toBe('value');
    expect(await (await redis({ enableL1Cache: false })).namespace('users').get('key')).toBe('value');
  });
});
