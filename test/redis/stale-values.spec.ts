import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { invalidations } from '../support/invalidations.js';
import { heldLoad, briefly, setStale } from '../support/loads.js';
import { received } from '../support/news.js';
import { elapse } from '../support/time.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

describe('guarantee 11: grace with Redis', () => {
  const down = (): never => {
    throw new Error('the origin is down');
  };

  it.each([true, false])(
    'issue: shown by 3: a failing origin, 0 errors, few tries (L1: %p)',
    async (enableL1Cache) => {
      const cache = await redis({ enableL1Cache, advanced: { graceBackoff: '200ms' } });
      await setStale(cache, 'old');
      let tries = 0;
      for (let i = 0; i < 50; i++) {
        const load = (): never => {
          tries++;
          return down();
        };
        await expect(cache.getOrSet('key', load, briefly)).resolves.toBe('old');
        await elapse(10);
      }
      // After 0, 200 and 600 ms.
      expect(tries).toBeLessThanOrEqual(3);
    },
  );

  it('another instance, which never had the value, serves it', async () => {
    await setStale(await redis(), { n: 1 });
    const other = await redis();
    expect(await other.get('key')).toBeUndefined();
    await expect(other.getOrSet('key', down, briefly)).resolves.toEqual({ n: 1 });
  });

  it.each(invalidations)('%s by another instance ends it', async (_, invalidate) => {
    const [cache, other] = [await redis(), await redis()];
    await setStale(cache, 'old', { tags: ['tag'] });
    await expect(cache.getOrSet('key', down, briefly)).resolves.toBe('old');
    await invalidate(other, 'key');
    const served = async (): Promise<unknown> =>
      cache.getOrSet('key', down, briefly).catch((error: unknown) => (error as Error).message);
    await until(async () => (await served()) === 'the origin is down', 'the news');
    await expect((await redis()).getOrSet('key', down, briefly)).rejects.toThrow('the origin is down');
  });

  it('expire: the next caller loads, in any instance; the grace goes on', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', { ttl: 600, grace: 60 });
    expect(await other.get('key')).toBe('old');
    expect(await cache.expire('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    await until(async () => (await other.get('key')) === undefined, 'the news');
    expect(await (await redis()).get('key')).toBeUndefined();
    await expect((await redis()).getOrSet('key', down)).resolves.toBe('old');
    await expect(other.getOrSet('key', () => 'new')).resolves.toBe('new');
    await until(async () => (await cache.get('key')) === 'new', 'the news');
  });

  it('expire without a grace deletes', async () => {
    const cache = await redis();
    await cache.set('key', 'old', 600);
    expect(await cache.expire('key')).toBe(true);
    expect(await own.raw.keys(`${own.keyPrefix}::*`)).toEqual([]);
  });

  it('the value leaves Redis when its grace has passed', async () => {
    const cache = await redis();
    await cache.set('key', 'old', { ttl: 10, grace: 60 });
    const left = await own.raw.pttl(`${own.keyPrefix}::key`);
    expect(left).toBeGreaterThan(65_000);
    expect(left).toBeLessThanOrEqual(70_000);
  });
});

describe('grace, and an invalidation of tags by another instance', () => {
  it.each(['tracking', 'none'] as const)(
    'while the loader runs: its failure reaches the caller; coherence %s',
    async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      await setStale(cache, 'stale', { tags: ['t'] });
      const held = await heldLoad(cache, { ttl: 60, grace: 60, tags: ['t'] });
      await other.invalidateTags('t');
      await received(cache, other);
      held.fail(new Error('down'));
      await expect(held.value).rejects.toThrow('down');
    },
  );
});
