import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { received } from '../support/news.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

/** Two applications, the prefix of one beginning with that of the other. */
async function shops(options: object = {}): Promise<[shop: RedisCache, eu: RedisCache]> {
  const shop = await redis({ keyPrefix: own.keyPrefix, ...options });
  return [shop, await redis({ keyPrefix: `${own.keyPrefix}:eu`, ...options })];
}

describe('a key prefix with a colon', () => {
  it('T58: is neither read nor cleared by a prefix that it begins with', async () => {
    const [shop, eu] = await shops();
    await eu.set('cart', 'of eu');
    expect(await shop.namespace('eu').get(':cart')).toBeUndefined();
    await shop.clear();
    expect(await shop.invalidatePattern('*')).toBe(0);
    await shop.namespace('eu').clear();
    const otherEu = await redis({ keyPrefix: `${own.keyPrefix}:eu` });
    await received(eu, otherEu);
    expect(await eu.get('cart')).toBe('of eu');
    expect(await otherEu.get('cart')).toBe('of eu');
  });

  it('T58: is readable in Redis, with the colon percent-encoded', async () => {
    await (await redis({ keyPrefix: `${own.keyPrefix}:eu` })).set('cart', 1);
    expect(await own.raw.exists(`${own.keyPrefix}%3Aeu::cart`)).toBe(1);
  });

  it('T58: is another one than the prefix that looks like it encoded', async () => {
    const [one, other] = [
      await redis({ keyPrefix: `${own.keyPrefix}:eu` }),
      await redis({ keyPrefix: `${own.keyPrefix}%3Aeu` }),
    ];
    await one.set('key', 1);
    expect(await other.get('key')).toBeUndefined();
  });

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'T58: its L1 hears of its own keys and tags, and of no others (%s)',
    async (coherence) => {
      const [shop, eu] = await shops({ coherence });
      const otherEu = await redis({ keyPrefix: `${own.keyPrefix}:eu`, coherence });
      for (const cache of [shop, eu]) await cache.set('key', 'old', { tags: ['t'] });
      for (const cache of [shop, eu, otherEu]) await cache.get('key');
      await shop.namespace('eu').set(':key', 1, { tags: ['t'] });
      await shop.invalidateTags('t');
      await received(eu, otherEu);
      const { hits } = eu.stats().l1;
      expect(await eu.get('key')).toBe('old');
      expect(eu.stats().l1.hits).toBe(hits + 1);
      await otherEu.set('key', 'new', { tags: ['t'] });
      await until(async () => (await eu.get('key')) === 'new', 'the new value');
      await otherEu.invalidateTags('t');
      await until(async () => (await eu.get('key')) === undefined, 'the invalidation');
    },
  );

  it('T58: is left alone by a clear that an outage delays', async () => {
    const [, eu] = await shops();
    await eu.set('cart', 'of eu', { tags: ['t'] });
    const proxy = await startTcpProxy({ to: own.server.url });
    try {
      const shop = await redis({ keyPrefix: own.keyPrefix, redisUrl: proxy.url, onError: 'degrade' });
      await shop.set('cart', 'of shop');
      let isBack = false;
      shop.on('recovered', () => {
        isBack = true;
      });
      proxy.cut();
      await until(async () => (await shop.health()).status !== 'up', 'Redis to be gone');
      await shop.clear();
      await shop.invalidateTags('t');
      proxy.resume();
      await until(() => isBack, 'the replay', 10_000);
      expect(await own.raw.exists(`${own.keyPrefix}::cart`)).toBe(0);
      expect(await eu.get('cart')).toBe('of eu');
    } finally {
      await proxy.close();
    }
  });

  it('T58: with half an emoji, hears of changes as any other', async () => {
    const keyPrefix = `${own.keyPrefix}\uD83E`;
    const [one, other] = [await redis({ keyPrefix }), await redis({ keyPrefix })];
    const another = await redis({ keyPrefix: `${own.keyPrefix}\uD83D` });
    await one.set('key', 'old', { tags: ['t'] });
    expect(await other.get('key')).toBe('old');
    expect(await another.get('key')).toBeUndefined();
    await one.set('key', 'new', { tags: ['t'] });
    await until(async () => (await other.get('key')) === 'new', 'the new value');
    await one.invalidateTags('t');
    await until(async () => (await other.get('key')) === undefined, 'the invalidation');
  });
});
