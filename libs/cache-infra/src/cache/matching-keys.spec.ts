import { InMemoryCache } from './in-memory-cache.js';
import { matchingKeys, type SearchLimits } from './matching-keys.js';

const limits: SearchLimits = { count: 5000, ms: 60_000, examples: 3 };

async function filled(count: number): Promise<InMemoryCache> {
  const cache = new InMemoryCache({ maxSize: 10_000 });
  await cache.setMany(Array.from({ length: count }, (_, i) => [`user:${String(i)}`, i] as const));
  return cache;
}

describe('the keys that a pattern finds in memory', () => {
  it('are counted, and the first of them named', async () => {
    const cache = await filled(20);
    await cache.set('order:1', 1);
    const found = await matchingKeys(cache, [], 'user:*', limits);
    expect(found).toEqual({ count: 20, isComplete: true, examples: ['user:0', 'user:1', 'user:2'] });
    expect(await cache.invalidatePattern('user:*')).toBe(20);
  });

  it('are those of the namespace', async () => {
    const cache = await filled(3);
    await cache.namespace('eu').namespace('users').set('user:eu', 1);
    const found = await matchingKeys(cache, ['eu', 'users'], '*', limits);
    expect(found).toEqual({ count: 1, isComplete: true, examples: ['user:eu'] });
  });

  it.each([
    ['its count', { ...limits, count: 1000 }],
    ['its time', { ...limits, ms: 0 }],
  ])('end at the limit of the search: %s', async (_, bounds) => {
    const found = await matchingKeys(await filled(4000), [], '*', bounds);
    expect(found.isComplete).toBe(false);
    expect(found.count).toBeLessThan(4000);
  });

  it('change no counter', async () => {
    const cache = await filled(5);
    const before = cache.stats();
    await matchingKeys(cache, [], '*', limits);
    expect(cache.stats()).toEqual(before);
  });
});
