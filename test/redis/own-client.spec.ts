import { Redis, type RedisOptions } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };

const closing = closingAfterEach();
let server: RedisServer;
let raw: Redis;

beforeEach(async () => {
  server = await ownRedisServer();
  raw = new Redis(server.url);
});
afterEach(async () => {
  raw.disconnect();
  await server.stop();
});

/** An instance on a client of its own, and the end of that client after it. */
function instance(
  client: ClientOptions,
  options: Partial<RedisCacheOptions> = {},
  url = server.url,
): RedisCache {
  const redis = new Redis(url, { disconnectTimeout: 20, ...client });
  redis.on('error', () => undefined);
  closing({ close: () => redis.disconnect() });
  return closing(new RedisCache({ redis, ...options }));
}

describe("guarantee 14: a client of the user's own with a keyPrefix", () => {
  const prefixed = (options: Partial<RedisCacheOptions> = {}): RedisCache =>
    instance({ keyPrefix: 'app:' }, { commandTimeout: '5s', onError: 'throw', ...options });

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'its L1 hears of what others change (%s)',
    async (coherence) => {
      const [one, other] = [prefixed({ coherence }), prefixed({ coherence })];
      await Promise.all([one.connect(), other.connect()]);
      await until(async () => (await one.health()).tiers.l2?.coherence === 'armed', 'the channel');
      await one.set('key', 'old');
      expect(await one.get('key')).toBe('old');

      await other.set('key', 'new');

      await until(async () => (await one.get('key')) === 'new', 'the new value');
    },
  );

  it('its L1 hears of tags that others invalidate', async () => {
    const [one, other] = [prefixed(), prefixed()];
    await Promise.all([one.connect(), other.connect()]);
    await until(async () => (await one.health()).tiers.l2?.coherence === 'armed', 'the channel');
    await one.set('key', 1, { tags: ['tag'] });

    await other.invalidateTags('tag');

    await until(async () => (await one.get('key')) === undefined, 'the entry to be gone');
  });

  it('patterns and clear remove its keys from Redis, where no key of that name stands without the prefix', async () => {
    const cache = prefixed({ enableL1Cache: false });
    await cache.set('key', 1);
    expect(await cache.invalidatePattern('k*')).toBe(1);
    expect(await raw.exists('app:cache::key')).toBe(0);
    await cache.set('key', 2);
    await cache.clear();
    expect(await raw.exists('app:cache::key')).toBe(0);
  });
});

describe("guarantee 14: a client of the user's own with auto-pipelining", () => {
  it.each([{}, { lock: true }])('what getOrSet loads is stored (%p)', async (options) => {
    const cache = instance({ enableAutoPipelining: true }, { commandTimeout: '5s', onError: 'throw' });
    await cache.connect();

    await cache.getOrSet('key', () => 'loaded', options);

    expect(await raw.exists('cache::key')).toBe(1);
  });
});

describe("guarantee 14: a client of the user's own with a commandTimeout", () => {
  it('the breaker opens when Redis hangs (guarantee 15)', async () => {
    const cache = instance({ commandTimeout: 50 });
    let open = false;
    cache.on('breakerOpen', () => {
      open = true;
    });
    await cache.set('key', 1);
    await server.pause();
    try {
      for (let i = 0; i < 6; i++) await cache.get(`other:${i}`);
      expect(open).toBe(true);
    } finally {
      await server.resume();
    }
  });
});

describe("guarantee 14: a client of the user's own with ioredis's defaults, which send commands again", () => {
  it('a set whose reply was lost does not undo what another instance set after it', async () => {
    await using proxy = await startTcpProxy({ to: server.url });
    const one = instance({}, {}, proxy.url);
    const other = closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }));
    await Promise.all([one.connect(), other.connect()]);
    await one.set('key', 'first');

    proxy.hang('requests');
    await one.set('key', 'second');
    // Another millisecond, by which the two are told apart.
    await until(() => one.stats().journal.size === 1, 'the journal');
    await other.set('key', 'third');
    proxy.reset();
    proxy.resume();
    await until(() => one.stats().journal.size === 0, 'the journal to be empty', 10_000);

    expect(await closing(new RedisCache({ redisUrl: server.url })).get('key')).toBe('third');
    expect(await other.get('key')).toBe('third');
  }, 20_000);
});
