import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { hitsKey } from '../../libs/cache-infra/src/tiers/redis/neighbour-keys.js';
import {
  NestThrottlerStorage,
  type NestThrottlerStorageOptions,
} from '../../libs/cache-infra/src/throttler/nest-throttler-storage.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { ownRedisServer } from '../support/redis.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

const hitsOf = (key: string, path = ''): string => hitsKey(own.keyPrefix, path, 'default', key);

describe('NestThrottlerStorage on Redis', () => {
  it('two instances share the limit', async () => {
    const storages = [new NestThrottlerStorage(await redis()), new NestThrottlerStorage(await redis())];
    const totals: number[] = [];
    const blocked: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      const record = await storages[i % 2]?.increment('key', 60_000, 3, 60_000, 'default');
      totals.push(record?.totalHits ?? 0);
      blocked.push(record?.isBlocked ?? false);
    }
    expect(totals).toEqual([1, 2, 3, 4]);
    expect(blocked).toEqual([false, false, false, true]);
  });

  it('concurrent hits of two instances are all counted', async () => {
    const storages = [new NestThrottlerStorage(await redis()), new NestThrottlerStorage(await redis())];
    const records = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (storages[i % 2] as NestThrottlerStorage).increment('key', 60_000, 150, 60_000, 'default'),
      ),
    );
    expect(records.filter(({ isBlocked }) => !isBlocked)).toHaveLength(150);
  });

  it('the hits of a key leave Redis with the last of them', async () => {
    const storage = new NestThrottlerStorage(await redis());
    await storage.increment('key', 300, 1, 0, 'default');
    expect(await own.raw.pttl(hitsOf('key'))).toBeLessThanOrEqual(300);
    await until(async () => (await own.raw.exists(hitsOf('key'))) === 0, 'the hits to expire');
    await storage.increment('key', 300, 0, 60_000, 'default');
    expect(await own.raw.pttl(hitsOf('key'))).toBeGreaterThan(50_000);
  });

  it('each namespace counts for itself, and clear() leaves the hits alone', async () => {
    const cache = await redis();
    const inner = cache.namespace('inner');
    await new NestThrottlerStorage(cache).increment('key', 60_000, 3, 0, 'default');
    await new NestThrottlerStorage(inner).increment('key', 60_000, 3, 0, 'default');
    await cache.clear();
    await inner.clear();
    await cache.invalidatePattern('*');
    expect(await own.raw.exists(hitsOf('key'), hitsOf('key', 'inner'))).toBe(2);
  });

  it('keys and names of any characters and length count apart', async () => {
    const storage = new NestThrottlerStorage(await redis());
    const keys = ['{', 'a}b', 'b:c', 'ключ', 'x'.repeat(5000), ''];
    for (const name of ['default', 'a:b', 'a', '{']) {
      for (const key of keys)
        expect(await storage.increment(key, 60_000, 3, 0, name)).toMatchObject({ totalHits: 1 });
    }
    expect(await storage.increment('b:b:c', 60_000, 3, 0, 'a')).toMatchObject({ totalHits: 1 });
  });

  it('goes on after the server has forgotten its scripts', async () => {
    const storage = new NestThrottlerStorage(await redis());
    await storage.increment('key', 60_000, 3, 0, 'default');
    await own.raw.script('FLUSH');
    expect(await storage.increment('key', 60_000, 3, 0, 'default')).toMatchObject({ totalHits: 2 });
  });
});

describe('NestThrottlerStorage while Redis is unavailable', () => {
  /** A storage that has counted two hits in Redis, which is away since. */
  async function orphaned(options?: NestThrottlerStorageOptions): Promise<() => Promise<unknown>> {
    const server = await ownRedisServer();
    // The cache's own rule for failures does not concern the limits.
    const cache = closing(
      new RedisCache({ redisUrl: server.url, commandTimeout: '100ms', onError: 'throw' }),
    );
    const storage = new NestThrottlerStorage(cache, options);
    const increment = () => storage.increment('key', 60_000, 2, 60_000, 'default');
    for (let i = 0; i < 2; i++) await increment();
    await server.stop();
    return increment;
  }

  it('counts in this process, from 0', async () => {
    const increment = await orphaned();
    expect(await increment()).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await increment()).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await increment()).toMatchObject({ totalHits: 3, isBlocked: true, timeToBlockExpire: 60 });
  });

  it("lets every request pass with onError 'pass'", async () => {
    const increment = await orphaned({ onError: 'pass' });
    for (let i = 0; i < 5; i++)
      expect(await increment()).toEqual({
        totalHits: 0,
        timeToExpire: 60,
        isBlocked: false,
        timeToBlockExpire: 0,
      });
  });

  it("rejects with onError 'throw'", async () => {
    const increment = await orphaned({ onError: 'throw' });
    await expect(increment()).rejects.toMatchObject({ code: 'CACHE_INFRASTRUCTURE' });
  });

  it('a Redis that hangs holds a request up for commandTimeout at most', async () => {
    const storage = new NestThrottlerStorage(await redis({ commandTimeout: '100ms', onError: 'degrade' }));
    await storage.increment('key', 60_000, 2, 0, 'default');
    await own.server.pause();
    const start = performance.now();
    expect(await storage.increment('key', 60_000, 2, 0, 'default')).toMatchObject({ totalHits: 1 });
    expect(performance.now() - start).toBeLessThan(2000);
    await own.server.resume();
  });
});
