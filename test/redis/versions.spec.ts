import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const down = (): never => {
  throw new Error('the origin is down');
};

describe('version: two releases on one Redis', () => {
  it.each([false, true])(
    'each takes values of its own version only, and the older one does not replace the newer (lock: %p)',
    async (lock) => {
      const [older, newer] = [await redis({ version: 1 }), await redis({ version: 2 })];
      const loads = { older: 0, newer: 0 };
      const get = (of: 'older' | 'newer'): Promise<string> =>
        (of === 'older' ? older : newer).getOrSet(
          'key',
          () => {
            loads[of]++;
            return of;
          },
          { ttl: 600, lock },
        );
      expect([await get('older'), await get('newer')]).toEqual(['older', 'newer']);
      // The older release had its value in the L1 until the newer one replaced it.
      await until(async () => (await older.get('key')) === undefined, 'the news');
      for (let i = 0; i < 5; i++)
        expect([await get('older'), await get('newer')]).toEqual(['older', 'newer']);
      expect(loads).toEqual({ older: 2, newer: 1 });
      expect(await (await redis({ version: 2 })).get('key')).toBe('newer');
      expect(older.stats().otherVersion).toBeGreaterThan(0);
      expect(older.stats().errors).toBe(0);
    },
  );

  it('a delete removes the values of both', async () => {
    const [older, newer] = [await redis({ version: 1 }), await redis({ version: 2 })];
    await newer.getOrSet('key', () => 'newer');
    await older.getOrSet('key', () => 'older');
    await newer.delete('key');
    await until(async () => (await older.get('key')) === undefined, 'the news');
    expect(await newer.get('key')).toBeUndefined();
  });

  it('a stale value of another version is not served', async () => {
    const [older, newer] = [await redis({ version: 1 }), await redis({ version: 2 })];
    await older.set('key', 'older', { ttl: 600, grace: 600 });
    await older.markStale('key');
    await expect(newer.getOrSet('key', down, { grace: 600 })).rejects.toThrow('down');
    await expect((await redis({ version: 1 })).getOrSet('key', down, { grace: 600 })).resolves.toBe('older');
  });

  it.each(['binary', 'json'] as const)('tags and grace go with a version (%s)', async (format) => {
    const cache = await redis({ version: 7, format });
    await cache.set('key', 'value', { tags: ['tag'], grace: 60 });
    const other = await redis({ version: 7 });
    expect([await other.get('key'), (await other.getMany(['key'])).size]).toEqual(['value', 1]);
    await other.invalidateTags('tag');
    await until(async () => (await cache.get('key')) === undefined, 'the invalidation');
  });
});
