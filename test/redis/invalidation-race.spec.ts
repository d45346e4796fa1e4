import { Redis } from 'ioredis';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { deferred, turn } from '../support/deferred.js';
import { ManualClock } from '../support/manual-clock.js';
import { ownRedisServer } from '../support/redis.js';

const closing = closingAfterEach();
let server: RedisServer;
let raw: Redis;

beforeAll(async () => {
  server = await ownRedisServer();
  raw = new Redis(server.url);
});
afterAll(async () => {
  raw.disconnect();
  await server.stop();
});
beforeEach(() => raw.flushall());
afterEach(() => server.resume());

async function redis(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
  const cache = closing(
    new RedisCache({
      redisUrl: server.url,
      onError: 'throw',
      commandTimeout: '10s',
      connectTimeout: '10s',
      ...options,
    }),
  );
  await cache.connect();
  // The connection has said all it says of itself.
  await cache.get('nothing');
  return cache;
}

const invalidations: [what: string, invalidate: (cache: Cache) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('key')],
  ['deleteMany', (cache) => cache.deleteMany(['other', 'key'])],
  ['invalidateTags', (cache) => cache.invalidateTags('tag')],
  ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
  ['clear', (cache) => cache.clear()],
];

const reads: [what: string, read: (cache: Cache) => Promise<unknown>][] = [
  ['get', (cache) => cache.get('key')],
  ['getMany', (cache) => cache.getMany(['other', 'key'])],
  ['getOrSet', (cache) => cache.getOrSet('key', () => 'loaded during', { tags: ['tag'] })],
  ['has', (cache) => cache.has('key')],
];

describe('guarantee 1: an invalidation while Redis is being read', () => {
  describe.each(invalidations)('%s', (_, invalidate) => {
    it.each(reads)(
      'pitfall (Redis 7 with ioredis 6) during %s: the answer does not refill the L1',
      async (__, read) => {
        await (await redis()).set('key', 'old', { tags: ['tag'] });
        const cache = await redis();
        await server.pause();
        const reading = read(cache);
        await turn();
        const invalidating = invalidate(cache);
        await turn();
        await server.resume();
        await Promise.all([reading, invalidating]);
        expect(await cache.get('key')).not.toBe('old');
        expect(await (await redis()).get('key')).not.toBe('old');
      },
    );

    it('a read that begins before it ends does not refill the L1 either', async () => {
      await (await redis()).set('key', 'old', { tags: ['tag'] });
      const cache = await redis();
      await server.pause();
      const before = cache.get('key');
      await turn();
      const invalidating = invalidate(cache);
      const during = cache.get('key');
      await server.resume();
      await Promise.all([before, invalidating, during]);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('during a load: the value goes to the caller, into no tier', async () => {
      const cache = await redis();
      const loader = deferred<string>();
      const loading = deferred();
      const loaded = cache.getOrSet(
        'key',
        () => {
          loading.resolve();
          return loader.promise;
        },
        { tags: ['tag'] },
      );
      await loading.promise;
      await invalidate(cache);
      loader.resolve('old');
      await expect(loaded).resolves.toBe('old');
      expect(await cache.get('key')).toBeUndefined();
      expect(await (await redis()).get('key')).toBeUndefined();
    });

    it('during a load, called but not yet answered when the load ends', async () => {
      const cache = await redis();
      const loader = deferred<string>();
      const loading = deferred();
      const loaded = cache.getOrSet(
        'key',
        () => {
          loading.resolve();
          return loader.promise;
        },
        { tags: ['tag'] },
      );
      await loading.promise;
      await server.pause();
      const invalidating = invalidate(cache);
      loader.resolve('old');
      await turn();
      await server.resume();
      await Promise.all([loaded, invalidating]);
      expect(await cache.get('key')).toBeUndefined();
      expect(await (await redis()).get('key')).toBeUndefined();
    });

    it('after a set that has not been answered yet', async () => {
      const cache = await redis();
      await server.pause();
      const setting = cache.set('key', 'old', { tags: ['tag'] });
      await turn();
      const invalidating = invalidate(cache);
      await turn();
      await server.resume();
      await Promise.all([setting, invalidating]);
      expect(await cache.get('key')).toBeUndefined();
      expect(await (await redis()).get('key')).toBeUndefined();
    });
  });

  it.each(invalidations.slice(0, 3))(
    'a read that begins after %s was called does not join one from before',
    async (_, invalidate) => {
      await (await redis()).set('key', 'old', { tags: ['tag'] });
      const cache = await redis();
      await server.pause();
      const before = cache.get('key');
      await turn();
      const invalidating = invalidate(cache);
      const after = cache.get('key');
      await server.resume();
      await Promise.all([before, invalidating]);
      expect(await after).toBeUndefined();
    },
  );

  it('a set during a read: the answer does not replace the newer value', async () => {
    await (await redis()).set('key', 'old');
    const cache = await redis();
    await server.pause();
    const reading = cache.get('key');
    await turn();
    const setting = cache.set('key', 'new');
    await server.resume();
    await Promise.all([reading, setting]);
    expect(await cache.get('key')).toBe('new');
    expect(await (await redis()).get('key')).toBe('new');
  });

  it('a set during a load: the loaded value replaces nothing, in either tier', async () => {
    const cache = await redis();
    const loader = deferred<string>();
    const loading = deferred();
    const loaded = cache.getOrSet('key', () => {
      loading.resolve();
      return loader.promise;
    });
    await loading.promise;
    await cache.set('key', 'new');
    loader.resolve('old');
    await expect(loaded).resolves.toBe('old');
    expect(await cache.get('key')).toBe('new');
    expect(await (await redis()).get('key')).toBe('new');
  });

  it('sets that overtake each other: the last one called wins, in both tiers', async () => {
    const cache = await redis();
    await server.pause();
    const setting = [1, 2, 3].map((n) => cache.set('key', n, n === 2 ? { tags: ['tag'] } : {}));
    await turn();
    await server.resume();
    await Promise.all(setting);
    expect(await cache.get('key')).toBe(3);
    expect(await (await redis()).get('key')).toBe(3);
  });

  it('an invalidation of tags by another instance during a load', async () => {
    const [cache, other] = [await redis(), await redis()];
    const loader = deferred<string>();
    const loading = deferred();
    const loaded = cache.getOrSet(
      'key',
      () => {
        loading.resolve();
        return loader.promise;
      },
      { tags: ['tag'] },
    );
    await loading.promise;
    await other.invalidateTags('tag');
    loader.resolve('old');
    await expect(loaded).resolves.toBe('old');
    expect(await (await redis()).get('key')).toBeUndefined();
    expect(await other.get('key')).toBeUndefined();
  });

  it('the abort of the last caller while Redis is asked: no loader runs, nothing is stored', async () => {
    const cache = await redis();
    const controller = new AbortController();
    let loads = 0;
    await server.pause();
    const caller = cache.getOrSet('key', () => ++loads, { signal: controller.signal });
    await turn();
    controller.abort(new Error('left'));
    await expect(caller).rejects.toThrow('left');
    await server.resume();
    await cache.get('nothing');
    await turn();
    expect(await (await redis()).get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
    expect(loads).toBe(0);
  });
});

describe('guarantee 1: tags and clocks', () => {
  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])('a clock an hour %s that of Redis loses no invalidation, its own or of others', async (_, skew) => {
    const clock = new ManualClock(Date.now() + skew);
    const [cache, other] = [await redis({ advanced: { clock } }), await redis({ enableL1Cache: false })];
    await cache.set('key', 1, { tags: ['tag'] });
    await other.invalidateTags('tag');
    expect(await (await redis({ advanced: { clock } })).get('key')).toBeUndefined();
    await cache.set('key', 2, { tags: ['tag'] });
    expect(await other.get('key')).toBe(2);
    await cache.invalidateTags('tag');
    expect(await cache.get('key')).toBeUndefined();
    expect(await other.get('key')).toBeUndefined();
  });

  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])(
    'nor does it after an invalidation that could not reach Redis, with a clock %s it',
    async (_, skew) => {
      const own = await ownRedisServer();
      try {
        const clock = { now: () => Date.now() + skew };
        const cache = closing(
          new RedisCache({ redisUrl: own.url, advanced: { clock }, commandTimeout: '5s' }),
        );
        await cache.set('key', 0, { tags: ['tag'] });
        await own.stop();
        await cache.invalidateTags('tag', 'other');
        expect(await cache.get('key')).toBeUndefined();
        const back = new Promise<void>((resolve) => {
          cache.on('recovered', () => {
            resolve();
          });
        });
        await own.start();
        await back;
        await cache.set('key', 1, { tags: ['tag'] });
        expect(await cache.get('key')).toBe(1);
        await cache.invalidateTags('tag');
        expect(await cache.get('key')).toBeUndefined();
        await cache.set('key', 2, { tags: ['tag'] });
        const other = closing(new RedisCache({ redisUrl: own.url, commandTimeout: '5s' }));
        expect(await other.get('key')).toBe(2);
        await other.invalidateTags('tag');
        const late = closing(
          new RedisCache({ redisUrl: own.url, advanced: { clock }, commandTimeout: '5s' }),
        );
        expect(await late.get('key')).toBeUndefined();
      } finally {
        await own.stop();
      }
    },
    20_000,
  );

  it('a tag table that was lost makes entries with tags a miss, not valid for ever', async () => {
    const cache = await redis({ enableL1Cache: false });
    await cache.set('key', 1, { tags: ['tag'] });
    await cache.invalidateTags('tag');
    await raw.del('cache:!tags');
    expect(await (await redis()).get('key')).toBeUndefined();
    await cache.set('key', 2, { tags: ['tag'] });
    expect(await (await redis()).get('key')).toBe(2);
  });
});
