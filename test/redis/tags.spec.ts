import { armed } from '../support/armed.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { setStale } from '../support/loads.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const table = (): string => `${own.keyPrefix}:!tags`;
const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

describe('a tag with half an emoji', () => {
  const tag = 'team 🦊'.slice(0, 6);

  it('T59: its invalidation is heard, and it can be used again', async () => {
    const [one, other] = [await redis(), await redis()];
    await one.set('key', 'old', { tags: [tag] });
    expect(await other.get('key')).toBe('old');
    await other.invalidateTags(tag);
    await until(async () => (await one.get('key')) === undefined, 'the invalidation');
    await one.set('key', 'new', { tags: [tag] });
    await until(async () => (await other.get('key')) === 'new', 'the new value');
    expect(await one.get('key')).toBe('new');
  });

  it('T59: is neither another half nor what stands for it', async () => {
    const cache = await redis();
    const others = ['team \uD83E\uDD8A', 'team \uDD8A', 'team \uFFFD', 'team %uD83E', 'team '];
    await Promise.all(others.map((other) => cache.set(other, 1, { tags: [other] })));
    await cache.set('key', 1, { tags: [tag] });
    await cache.invalidateTags(tag);
    const fresh = await redis();
    expect(await fresh.get('key')).toBeUndefined();
    expect((await fresh.getMany(others)).size).toBe(others.length);
    await fresh.invalidateTags(...others.slice(1));
    expect((await fresh.getMany(others)).size).toBe(1);
  });

  it('T59: in a namespace it is covered from above and not from beside', async () => {
    const cache = await redis();
    const [users, pages] = [cache.namespace('users'), cache.namespace('pages')];
    for (const each of [users, pages]) await each.set('key', 1, { tags: [tag] });
    await users.invalidateTags(tag);
    const fresh = await redis();
    expect([await fresh.namespace('users').get('key'), await fresh.namespace('pages').get('key')]).toEqual([
      undefined,
      1,
    ]);
    await fresh.invalidateTags(tag);
    expect(await fresh.namespace('pages').get('key')).toBeUndefined();
  });

  it('T59: plain tags stand readable in the table', async () => {
    const cache = await redis();
    await cache.invalidateTags('products', 'a:b', '100 %');
    expect(await own.raw.zrange(table(), '0', '-1')).toEqual(['', ':100 %', ':a:b', ':products']);
  });
});

describe('guarantee 1: a set with tags that an invalidation overtakes', () => {
  it.each(['both', 'l1'] as const)('T23: is not seen, nor is the value before it (%s)', async (tiers) => {
    const cache = await redis();
    await cache.set('key', 'without tags');
    for (let i = 0; i < 10; i++) {
      // Others keep a question under way, so that the write has to wait for the next.
      const reads = numbered('nothing', 5).map((key) => cache.set(key, 1, { tags: ['u'] }));
      await Promise.resolve();
      const set = cache.set('key', i, { tags: ['t'], tiers });
      const invalidated = cache.invalidateTags('t');
      await Promise.all([...reads, set, invalidated]);
      expect([undefined, tiers === 'l1' ? 'without tags' : undefined]).toContain(await cache.get('key'));
    }
  });

  it('T23: one that comes after it in the same turn is seen', async () => {
    const cache = await redis();
    for (let i = 0; i < 10; i++) {
      const invalidated = cache.invalidateTags('t');
      const set = cache.set('key', i, { tags: ['t'] });
      await Promise.all([invalidated, set]);
      expect(await cache.get('key')).toBe(i);
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(i);
    }
  });

  it('T23: one that follows a foreign invalidation at once is seen', async () => {
    const [one, other] = [await redis(), await redis()];
    for (let i = 0; i < 50; i++) {
      await other.invalidateTags('t');
      await one.set('key', i, { tags: ['t'] });
      expect(await one.get('key')).toBe(i);
    }
    expect(await armed(other)).toBe(other);
  });
});

describe('entries without tags in a cache that has a tag table', () => {
  it.each([
    ['grace', { grace: 60 }],
    ['l1Ttl', { l1Ttl: 30 }],
    ['nothing special', {}],
  ])('are L1 hits once read from Redis: %s', async (_, options) => {
    const [cache, other] = [await redis(options), await redis(options)];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await cache.get('tagged');
    await other.set('key', 'value', { ttl: 60 });
    await cache.get('key');
    await cache.get('key');
    const before = cache.stats().l2.hits;
    for (let i = 0; i < 5; i++) expect(await cache.get('key')).toBe('value');
    expect(cache.stats().l2.hits - before).toBe(0);
  });

  it('have their grace, when read from Redis', async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await other.set('tagged', 1, { tags: ['t'] });
    await cache.get('tagged');
    await setStale(other, 'stale');
    const loaded = cache.getOrSet('key', () => Promise.reject(new Error('down')), { grace: 60 });
    await expect(loaded).resolves.toBe('stale');
  });
});
