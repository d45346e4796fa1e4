import { armed } from '../support/armed.js';
import { cachesOnSharedRedis } from '../support/caches-on-shared-redis.js';
import { until } from '../support/until.js';

const own = cachesOnSharedRedis();
const { redis } = own;

describe('two tiers', () => {
  it('a value set here is served from the L1, one set elsewhere from the L2, then from the L1', async () => {
    const [one, other] = [await armed(redis()), await armed(redis())];
    await one.set('key', 'value');
    await one.get('key');
    expect(one.stats()).toMatchObject({ hits: 1, l1: { hits: 1, sets: 1 }, l2: { hits: 0, sets: 1 } });
    await other.get('key');
    await other.get('key');
    expect(other.stats()).toMatchObject({
      hits: 2,
      l1: { hits: 1, misses: 1, sets: 1 },
      l2: { hits: 1, misses: 0 },
    });
  });

  it('a miss is counted in both tiers, and once as a miss', async () => {
    const cache = redis();
    await cache.get('missing');
    await cache.getOrSet('loaded', () => 1);
    await cache.getMany(['x', 'y']);
    expect(cache.stats()).toMatchObject({ misses: 4, l1: { misses: 4 }, l2: { misses: 4 }, loads: 1 });
  });

  it('hits tell their tier', async () => {
    await redis().set('key', 1);
    const cache = await armed(redis());
    const tiers: string[] = [];
    cache.on('hit', ({ tier }) => tiers.push(tier));
    await cache.get('key');
    await cache.get('key');
    await cache.getMany(['key']);
    await cache.getOrSet('key', () => 2);
    expect(tiers).toEqual(['l2', 'l1', 'l1', 'l1']);
  });

  it('what the L1 evicts is still in Redis', async () => {
    const cache = await armed(redis({ l1CacheSize: 2 }));
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    expect(cache.stats()).toMatchObject({ evictions: 1, size: 2 });
    expect(await cache.get('a')).toBe('a');
    expect(cache.stats().l2.hits).toBe(1);
  });

  it('a value larger than a quarter of l1MaxBytes is in Redis alone', async () => {
    const cache = await armed(redis({ l1MaxBytes: 100_000 }));
    const large = 'x'.repeat(30_000);
    await cache.set('key', 'small');
    await cache.set('key', large);
    expect(cache.stats()).toMatchObject({ sets: 2, size: 0, tooLarge: 1, l1: { sets: 1 } });
    expect(await cache.get('key')).toBe(large);
    expect(cache.stats()).toMatchObject({ size: 0, tooLarge: 2, l1: { sets: 1, hits: 0 }, l2: { hits: 1 } });
  });

  it('concurrent reads of one key ask Redis once', async () => {
    await redis().set('key', { n: 1 });
    const cache = await armed(redis());
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.get<{ n: number }>('key')));
    expect(new Set(values).size).toBe(50);
    expect(values[0]).toEqual({ n: 1 });
    expect(cache.stats().l1.sets).toBe(1);
  });

  it('pitfall (others) L1 never outlives L2 after promotion (guarantee 5)', async () => {
    // On the real clock: a reader may ask Redis for its time at any moment, and a clock of the test's own would not
    // agree.
    const reader = redis({ coherence: 'none', defaultTtl: 60 });
    await redis().set('key', 1, 2);
    const redisKey = `${own.keyPrefix}::key`;
    await until(async () => (await own.raw.pttl(redisKey)) < 900, 'a part of the ttl has passed');
    expect(await reader.get('key')).toBe(1);
    const leftInRedis = (await own.raw.pttl(redisKey)) / 1000;
    const left = (await reader.ttl('key')) as number;
    expect(reader.stats().l2.hits).toBe(1);
    expect(left).toBeGreaterThan(0);
    // `ttl` rounds up to whole seconds; the rest is for the clocks of two processes.
    expect(left).toBeLessThanOrEqual(Math.ceil(leftInRedis + 0.05));
    await until(async () => (await own.raw.exists(redisKey)) === 0, 'it has expired in Redis');
    await until(async () => (await reader.get('key')) === undefined, 'and in the L1', 1000);
  });

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('pitfall (others) nor does it when the clock of the writer is an hour %s', async (_, skew) => {
    const writer = redis({ advanced: { clock: { now: () => Date.now() + skew } } });
    // The very first call: before it, nothing is known of Redis's time.
    await writer.set('key', 1, 60);
    await own.raw.pexpire(`${own.keyPrefix}::key`, 60_000);
    const reader = await armed(redis());
    expect(await reader.get('key')).toBe(1);
    const left = await reader.ttl('key');
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(60);
    expect(reader.stats().l1.sets).toBe(1);
  });

  it("isolation 'freeze' gives a frozen value from Redis as well", async () => {
    await redis().set('key', { a: [1] });
    const cache = redis({ isolation: 'freeze' });
    const first = await cache.get<{ a: number[] }>('key');
    expect(Object.isFrozen(first?.a)).toBe(true);
    expect(await cache.get('key')).toBe(first);
  });

  it('guarantee 7: two readers of one answer from Redis get a copy each', async () => {
    await redis().set('key', { a: [1] });
    for (const options of [{}, { enableL1Cache: false }]) {
      const cache = redis(options);
      await cache.connect();
      const [first, second] = await Promise.all([1, 2].map(() => cache.get<{ a: number[] }>('key')));
      first?.a.push(2);
      expect(second).toEqual({ a: [1] });
      expect(await cache.get('key')).toEqual({ a: [1] });
    }
  });
});
