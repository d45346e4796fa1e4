import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { armed } from '../support/armed.js';
import { patient } from '../support/caches-on-own-redis.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let server: RedisServer;
let raw: Redis;
let keyPrefix = '';
let tests = 0;

/** A server that has to make room, and tells of few keys. */
const small = ['--maxmemory', '8mb', '--maxmemory-policy', 'allkeys-lru'];

beforeAll(async () => {
  server = await ownRedisServer(small);
  raw = new Redis(server.url);
});
afterAll(async () => {
  raw.disconnect();
  await server.stop();
});
beforeEach(async () => {
  keyPrefix = `t${String(++tests)}`;
  await raw.flushall();
  await raw.config('SET', 'tracking-table-max-keys', '1000000');
});

async function tracked(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
  const where = options.redis === undefined ? { redisUrl: server.url } : {};
  return armed(closing(new RedisCache({ keyPrefix, l1CacheSize: 2000, ...where, ...patient, ...options })));
}

/** Of these keys, those of which `cache` goes on with the old value although Redis has a new one. */
async function staleIn(cache: RedisCache, keys: readonly string[]): Promise<string[]> {
  const stale = [];
  for (const key of keys) if ((await cache.get(key)) === 'old') stale.push(key);
  return stale;
}

const names = (start: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${start}${String(i)}`);
const text = (): string => Math.random().toString(36).repeat(80);

describe('T33: a key that leaves Redis during an own command leaves the L1 (guarantee 5)', () => {
  const prices = names('price', 200);

  /** `b` holds them in its L1, and has read or set them itself. */
  async function filled(how: 'read' | 'set'): Promise<[RedisCache, RedisCache]> {
    const [a, b] = [await tracked(), await tracked()];
    const writer = how === 'read' ? a : b;
    for (const price of prices) await writer.set(price, 'old');
    for (const price of prices) await b.get(price);
    return [a, b];
  }

  it.each(['read', 'set'] as const)('evicted by own writes (%s before)', async (how) => {
    const [a, b] = await filled(how);
    const evicted = async (): Promise<number> =>
      Number(/evicted_keys:(\d+)/.exec(await raw.info('stats'))?.[1]);
    const before = await evicted();
    let batches = 0;
    // How much fits depends on the server: Valkey needs fewer bytes for an entry than Redis.
    await until(
      async () => {
        const batch = names(`f${String(batches++)}:`, 100).map((key) => [key, text()] as const);
        await b.setMany(batch, { tiers: 'l2' });
        return (await evicted()) > before + 1000;
      },
      'evictions',
      20_000,
    );

    for (const price of prices) await a.set(price, 'new');

    await until(async () => (await staleIn(b, prices)).length === 0, 'the L1 to hear of every change');
  });

  it('dropped from a full tracking table by own reads', async () => {
    const [a, b] = await filled('read');
    await raw.config('SET', 'tracking-table-max-keys', '1000');
    for (let i = 0; i < 20; i++) await b.getMany(names(`nothing${String(i)}:`, 500));

    for (const price of prices) await a.set(price, 'new');

    await until(async () => (await staleIn(b, prices)).length === 0, 'the L1 to hear of every change');
  });

  it('expired, and found so by an own read', async () => {
    const [a, b] = [await tracked(), await tracked()];
    await b.set('key', 'old', { ttl: 3600 });
    await raw.pexpire(`${keyPrefix}::key`, 1);
    await until(async () => (await raw.pttl(`${keyPrefix}::key`)) < 0, 'Redis to let it expire');
    await until(async () => (await b.get('key')) === undefined, 'the L1 to let go of it');
    await a.set('key', 'new');
    expect(await b.get('key')).toBe('new');
  });

  it('the tag table, too: a tag that another instance invalidates afterwards is heard of', async () => {
    const [a, b] = [await tracked(), await tracked()];
    await a.set('page', 'old', { tags: ['t'] });
    await b.get('page');
    await raw.unlink(`${keyPrefix}:!tags`);
    await a.invalidateTags('t');
    await until(async () => (await b.get('page')) === undefined, 'the invalidation to be heard of');
  });
});

describe('guarantee 5: an own change leaves what it put into the L1', () => {
  it('a set, a load, a bulk set and what is set after a delete are hits', async () => {
    const cache = await tracked();
    const other = await tracked();
    await cache.setMany(names('k', 50).map((key) => [key, 1]));
    for (let round = 0; round < 5; round++) {
      for (const key of names('k', 50)) await cache.set(key, round);
      for (const key of names('k', 10)) {
        await cache.delete(key);
        await cache.getOrSet(key, () => round);
      }
    }
    // Whatever was told of those has arrived once this is told of.
    await other.set('k0', 'other');
    await until(async () => (await cache.get('k0')) === 'other', 'the channel to have told of all');

    const before = cache.stats().l1.hits;
    for (const key of names('k', 50).slice(1)) expect(await cache.get(key)).toBe(4);
    expect(cache.stats().l1.hits - before).toBe(49);
  });

  it('a load of an entry that has expired is stored', async () => {
    const cache = await tracked();
    for (let round = 0; round < 20; round++) {
      await cache.set('key', 'old', { ttl: 60, tiers: 'both' });
      await raw.pexpire(`${keyPrefix}::key`, 1);
      let loads = 0;
      const load = (): string => {
        loads++;
        return 'new';
      };
      await until(async () => (await raw.pttl(`${keyPrefix}::key`)) < 0, 'Redis to let it expire');
      await until(async () => (await cache.getOrSet('key', load)) === 'new', 'the load');
      await cache.getOrSet('key', load);
      expect(loads).toBe(1);
      await cache.delete('key');
    }
  });
});

describe('T34: caches and commands on one client (guarantee 5)', () => {
  const modes: Partial<RedisCacheOptions>[] = [
    {},
    { enableL1Cache: false },
    { coherence: 'none' },
    { coherence: 'pubsub' },
  ];

  it.each(modes)('a cache with %j tells a tracked cache on its client', async (options) => {
    await using client = clientOf(server.url);
    const redis = client.redis;
    const reader = await tracked({ redis });
    const writer = closing(new RedisCache({ keyPrefix, redis, ...patient, ...options }));
    await writer.get('x');
    await reader.set('k', 'old');
    await reader.set('d', 'old');
    await reader.set('t', 'old', { tags: ['t'] });

    await writer.set('k', 'new');
    await writer.delete('d');
    await writer.invalidateTags('t');

    await until(async () => (await staleIn(reader, ['k', 'd', 't'])).length === 0, 'the reader to hear');
    expect(await reader.get('k')).toBe('new');
  });

  it.each([{ enableL1Cache: false }, { coherence: 'none' }, { coherence: 'broadcast' }] as const)(
    'so it does under broadcast (%j)',
    async (options) => {
      await using client = clientOf(server.url);
      const redis = client.redis;
      const reader = await tracked({ redis, coherence: 'broadcast' });
      const writer = closing(new RedisCache({ keyPrefix, redis, ...patient, ...options }));
      await reader.set('k', 'old');
      await reader.set('d', 'old');
      await writer.set('k', 'new');
      await writer.delete('d');
      await until(async () => (await staleIn(reader, ['k', 'd'])).length === 0, 'the reader to hear');
    },
  );

  it('commands that the application sends by the same client are heard of', async () => {
    await using client = clientOf(server.url);
    const redis = client.redis;
    const cache = await tracked({ redis });
    await cache.set('k', 'old');
    await cache.set('moved', 'old');
    await redis.del(`${keyPrefix}::k`);
    await redis.rename(`${keyPrefix}::moved`, `${keyPrefix}::elsewhere`);
    await until(async () => (await staleIn(cache, ['k', 'moved'])).length === 0, 'the cache to hear');
  });
});

function clientOf(url: string): { redis: Redis; [Symbol.asyncDispose](): Promise<void> } {
  const redis = new Redis(url);
  return {
    redis,
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

describe('guarantee 5: what cannot be heard is bounded', () => {
  it.each([
    ['tracking', undefined],
    ['broadcast', undefined],
    ['pubsub', 60_000],
    ['none', 60_000],
  ] as const)(
    'with %s an L1 may go on after an unheard change for %s ms, and health says so',
    async (coherence, ms) => {
      const cache = closing(new RedisCache({ keyPrefix, redisUrl: server.url, ...patient, coherence }));
      await cache.set('key', 'value', { ttl: 3600 });
      await cache.get('key');
      expect((await cache.health()).tiers.l1?.unheardMs).toBe(ms);
    },
  );

  it('a longer l1Ttl is taken as it is given', async () => {
    const options = { coherence: 'none', l1Ttl: '10m' } as const;
    const cache = closing(new RedisCache({ keyPrefix, redisUrl: server.url, ...patient, ...options }));
    expect((await cache.health()).tiers.l1?.unheardMs).toBe(600_000);
  });
});

it('T37: no channel tells of SWAPDB, and an L1 entry ends with its l1Ttl all the same', async () => {
  const cache = await tracked({ l1Ttl: '200ms' });
  await cache.set('key', 'of this database');
  await raw.swapdb(0, 1);
  try {
    await until(async () => (await cache.get('key')) === undefined, 'the L1 entry to end');
  } finally {
    await raw.swapdb(0, 1);
  }
});
