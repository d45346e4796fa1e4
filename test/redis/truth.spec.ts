import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const verifying = { verify: 1, advanced: { verifySettle: '20ms' } } as const;
const options = { ttl: 600, tags: ['tag'] };
const judged = (cache: RedisCache): Promise<void> =>
  until(() => cache.stats().truth.verified === 1, 'the verification');

/** Puts the entry back that an invalidation removed from the L1: as if the news had been lost. */
async function missesNews(cache: RedisCache, change: () => Promise<unknown>): Promise<void> {
  const { l1, tags } = engineOf(cache);
  const held = l1?.get('key');
  if (held === undefined) throw new Error('the L1 does not hold the key');
  const { table } = tags;
  const version = table.version;
  await change();
  await until(() => l1?.get('key') === undefined || table.version !== version, 'the news');
  l1?.set('key', held);
}

describe('what is said of a missed invalidation', () => {
  it.each<['key' | 'writer', (by: RedisCache) => Promise<unknown>]>([
    ['key', (by) => by.delete('key')],
    ['key', (by) => by.clear()],
    ['writer', (by) => by.set('key', 'new', { ttl: 600 })],
  ])('%s: told apart from a ttl, and the value goes', async (cause, change) => {
    const [cache, other] = [await redis(verifying), await redis()];
    let row = 'old';
    const load = (): string => row;
    await cache.getOrSet('key', load, { ttl: 600 });
    await missesNews(cache, async () => {
      row = 'new';
      await change(other);
    });
    expect(await cache.getOrSet('key', load, { ttl: 600 })).toBe('old');
    await judged(cache);
    const { causes } = cache.stats().truth;
    expect(causes).toEqual({ ttl: 0, tag: 0, key: 0, writer: 0, [cause]: 1 });
    expect(await cache.getOrSet('key', load, { ttl: 600 })).toBe('new');
  });

  it('an origin that changed without a word is a matter of the ttl', async () => {
    const cache = await redis(verifying);
    let row = 'old';
    const load = (): string => row;
    await cache.getOrSet('key', load, options);
    row = 'new';
    expect(await cache.getOrSet('key', load, options)).toBe('old');
    await judged(cache);
    expect(cache.stats().truth.causes).toEqual({ ttl: 1, tag: 0, key: 0, writer: 0 });
  });

  it('a hit in Redis is verified, too', async () => {
    const [cache, other] = [await redis({ ...verifying, enableL1Cache: false }), await redis()];
    await other.set('key', { name: 'old' }, options);
    await cache.get('key');
    await cache.getOrSet('key', () => ({ name: 'old' }), { ttl: 600 });
    await judged(cache);
    expect(cache.stats().truth).toMatchObject({ verified: 1, untrue: 0 });
  });
});
