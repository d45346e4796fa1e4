import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { turn } from '../support/deferred.js';
import { until } from '../support/until.js';
import { heldLoad } from '../support/loads.js';
import { elapse } from '../support/time.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const stored = async (): Promise<number> => (await own.raw.keys(`${own.keyPrefix}::*`)).length;
const pages = Array.from({ length: 2000 }, (_, i) => `page:${i}`);

/** The removals of dead entries that `cache` has read have run: Redis answers the commands of a connection in order. */
async function removalsEnd(cache: RedisCache): Promise<void> {
  await turn();
  await cache.get('nothing');
}

describe('an entry whose tag was invalidated', () => {
  it.each([true, false])('T60: leaves Redis once it is read, among many (L1: %s)', async (enableL1Cache) => {
    const cache = await redis({ enableL1Cache });
    await cache.setMany(
      [...pages, 'other'].map((key) => [key, 'x'] as const),
      {
        ttl: 0,
        tags: ['site'],
      },
    );
    await cache.set('kept', 1, { ttl: 0, tags: ['another'] });
    await cache.invalidateTags('site');
    expect((await cache.getMany(pages)).size).toBe(0);
    await until(async () => (await stored()) === 2, 'the dead entries to leave');
    expect(await cache.get('other')).toBeUndefined();
    await until(async () => (await stored()) === 1, 'the last one to leave');
    expect(await cache.get('kept')).toBe(1);
  });

  it('T60: many reads of it are one removal at a time', async () => {
    const [writer, cache] = [await redis(), await redis()];
    await writer.setMany(
      pages.map((key) => [key, 'x'] as const),
      { ttl: 0, tags: ['site'] },
    );
    await writer.invalidateTags('site');
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await own.raw.info('commandstats'))?.[1]);
    const before = await calls();
    await Promise.all(pages.flatMap((key) => [cache.get(key), cache.has(key), cache.get(key)]));
    await until(async () => (await stored()) === 0, 'the dead entries to leave');
    // 20 of 100 entries each, and some for tags.
    expect((await calls()) - before).toBeLessThan(60);
  });

  it('T60: stays when another value stands there by then, and when a load is under way', async () => {
    const [cache, other] = [await redis(), await redis()];
    const options = { ttl: 0, tags: ['t'] };
    for (let i = 0; i < 30; i++) {
      await other.set('key', 'old', options);
      await other.invalidateTags('t');
      const [read] = await Promise.all([cache.get('key'), other.set('key', i, options)]);
      expect([undefined, i]).toContain(read);
      await removalsEnd(cache);
      expect(await other.get('key')).toBe(i);
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(i);
    }
    await other.invalidateTags('t');
    const held = await heldLoad(other, options);
    expect(await cache.get('key')).toBeUndefined();
    await removalsEnd(cache);
    held.succeed('loaded');
    expect(await held.value).toBe('loaded');
    expect(await cache.get('key')).toBe('loaded');
  });

  it('T60: a load replaces it, and the value is kept', async () => {
    const cache = await redis();
    const options = { ttl: 0, tags: ['t'] };
    for (let i = 0; i < 30; i++) {
      await cache.set('key', 'old', options);
      await cache.invalidateTags('t');
      const loading = i % 2 === 0 ? [cache.get('key')] : [];
      await Promise.all([...loading, cache.getOrSet('key', () => i, options), cache.get('key')]);
      expect(await cache.get('key')).toBe(i);
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(i);
    }
  });
});

describe('an entry past its ttl and grace', () => {
  it('T60: leaves Redis once it is read, whoever has Redis keep it', async () => {
    const cache = await redis();
    await cache.set('key', 1, { ttl: '20ms' });
    await own.raw.persist(`${own.keyPrefix}::key`);
    // Reads take an entry for dead a second after its end: the clocks of two hosts differ.
    await elapse(1100);
    expect(await (await redis()).get('key')).toBeUndefined();
    await until(async () => (await stored()) === 0, 'the entry to leave');
  });
});
