import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { heldLoad } from '../support/loads.js';
import { received } from '../support/news.js';
import { elapse } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

describe('tiers of one call', () => {
  it("'l1': Redis is neither asked nor told", async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.set('key', 'in Redis');
    await cache.set('own', 1, { tiers: 'l1' });
    expect(await cache.get('own')).toBe(1);
    expect(await other.get('own')).toBeUndefined();
    await expect(cache.getOrSet('key', () => 'local', { tiers: 'l1' })).resolves.toBe('local');
    expect(await other.get('key')).toBe('in Redis');
  });

  it("'l2': the L1 is neither asked nor told", async () => {
    const cache = await redis();
    await cache.set('key', 1, { tiers: 'l2' });
    const { l1 } = cache.stats();
    await expect(cache.getOrSet('key', () => 2, { tiers: 'l2' })).resolves.toBe(1);
    expect(cache.stats().l1.hits).toBe(l1.hits);
    expect(await (await redis()).get('key')).toBe(1);
  });

  it('l1Ttl: Redis is asked again after it, each time', async () => {
    const [cache, other] = [await redis({ coherence: 'none' }), await redis({ coherence: 'none' })];
    const options = { ttl: 600, l1Ttl: '100ms' } as const;
    await cache.getOrSet('key', () => 1, options);
    for (const value of [2, 3]) {
      await other.set('key', value);
      await elapse(130);
      await expect(cache.getOrSet('key', () => 'never', options)).resolves.toBe(value);
    }
  });

  it("l1Ttl is the cache's own option, too", async () => {
    const [cache, other] = [await redis({ coherence: 'none', l1Ttl: '100ms' }), await redis()];
    for (const value of [1, 2, 3]) {
      await other.set('key', value, 600);
      await elapse(130);
      expect(await cache.get('key')).toBe(value);
    }
  });
});

describe('tiers', () => {
  it("getOrSet with tiers 'l2' leaves no older value in the L1", async () => {
    const cache = await redis();
    await cache.set('key', 'old');
    expect(await cache.getOrSet('key', () => 'new', { tiers: 'l2', forceRefresh: true })).toBe('new');
    await received(cache, await redis());
    expect(await cache.get('key')).toBe('new');
  });

  it("getOrSet with tiers 'l2' puts nothing into the L1", async () => {
    const cache = await redis();
    await cache.getOrSet('key', () => 'value', { tiers: 'l2' });
    await cache.getOrSet('key', () => 'value', { tiers: 'l2' });
    expect(cache.stats().size).toBe(0);
  });

  it('ttl tells how long the entry lives, not how long the L1 keeps it', async () => {
    const cache = await redis();
    await cache.set('key', 'value', { ttl: 600, l1Ttl: 5 });
    expect(await cache.ttl('key')).toBe(600);
  });
});

describe('tiers l1', () => {
  it('tags by another instance, of an entry set with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'value', { tiers: 'l1', tags: ['t'] });
    await other.invalidateTags('t');
    await received(cache, other);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('tags by another instance, of an entry loaded with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.getOrSet('key', () => 'value', { tiers: 'l1', tags: ['t'] });
    await other.invalidateTags('t');
    await received(cache, other);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('tags by another instance, while it is loaded with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    const held = await heldLoad(cache, { tiers: 'l1', tags: ['t'] });
    await other.invalidateTags('t');
    await received(cache, other);
    held.succeed('from before');
    await held.value;
    expect(await cache.get('key')).toBeUndefined();
  });
});
