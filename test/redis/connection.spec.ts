import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CacheClosedError } from '../../libs/cache-infra/src/base/errors.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { turn } from '../support/deferred.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let server: RedisServer;
let raw: Redis;

beforeAll(async () => {
  server = await ownRedisServer();
  raw = new Redis(server.url, { connectionName: 'observer' });
});
afterAll(async () => {
  raw.disconnect();
  await server.stop();
});

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(
    new RedisCache({ redisUrl: server.url, commandTimeout: '5s', onError: 'throw', ...options }),
  );
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
}

async function clients(): Promise<number> {
  const list = String(await raw.client('LIST'));
  return list.split('\n').filter((line) => line !== '' && !line.includes('name=observer')).length;
}

function listeners(client: Redis): Record<string, number> {
  return Object.fromEntries(client.eventNames().map((event) => [String(event), client.listenerCount(event)]));
}

describe('guarantee 10: everything closes', () => {
  it('pitfall (nest #8020) close leaves no socket, here and on the server', async () => {
    const before = { sockets: sockets(), clients: await clients() };
    const cache = redis();
    await cache.set('key', 1);
    expect(await clients()).toBeGreaterThan(before.clients);
    await cache.close();
    await until(async () => (await clients()) === before.clients, 'the server to see the connections end');
    await until(() => sockets() === before.sockets, 'the sockets to close');
  });

  it('pitfall (liaoliaots/nestjs-redis #340) a cache that is made and never used leaves none either', async () => {
    const before = { sockets: sockets(), clients: await clients() };
    const cache = new RedisCache({ redisUrl: server.url });
    await turn();
    expect(sockets()).toBe(before.sockets);
    await cache.close();
    await cache.close();
    expect(await clients()).toBe(before.clients);
  });

  it('closed while it connects', async () => {
    const before = { sockets: sockets(), clients: await clients() };
    const cache = redis({ onError: 'degrade' });
    const reading = cache.get('key');
    await cache.close();
    await expect(reading).resolves.toBeUndefined();
    await expect(cache.get('key')).rejects.toThrow(CacheClosedError);
    await until(async () => (await clients()) === before.clients, 'the server to see the connections end');
    await until(() => sockets() === before.sockets, 'the sockets to close');
  });

  it('closed between two attempts to connect', async () => {
    const own = await ownRedisServer();
    await own.stop();
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = { sockets: sockets(), timers: timers() };
    const cache = closing(new RedisCache({ redisUrl: own.url }));
    await cache.get('key');
    await cache.close();
    await until(() => sockets() === before.sockets && timers() <= before.timers, 'sockets and timers to end');
  });

  it('ten caches, ten times: nothing piles up', async () => {
    const before = { sockets: sockets(), clients: await clients() };
    for (let round = 0; round < 10; round++) {
      const caches = Array.from(
        { length: 10 },
        () => new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }),
      );
      await Promise.all(caches.map((cache) => cache.set('key', round)));
      await Promise.all(caches.map((cache) => cache.close()));
    }
    await until(async () => (await clients()) === before.clients, 'the server to see the connections end');
    await until(() => sockets() === before.sockets, 'the sockets to close');
  }, 20_000);
});

describe("guarantee 14: a client of the user's own", () => {
  async function withClient(use: (client: Redis) => Promise<void>, options: object = {}): Promise<void> {
    const client = new Redis(server.url, options);
    client.on('error', () => undefined);
    try {
      await use(client);
    } finally {
      // Once more than needed would keep the process for two seconds.
      if (client.status !== 'end') client.disconnect();
    }
  }

  it('is used, and not closed', async () => {
    await withClient(async (client) => {
      const cache = redis({ redis: client, redisUrl: undefined });
      const key = randomUUID();
      await cache.set(key, { a: 1 });
      expect(await client.exists(`cache::${key}`)).toBe(1);
      await cache.close();
      expect(await client.ping()).toBe('PONG');
    });
  });

  it('pitfall (others) listeners do not pile up on it: few for 20 caches, as many as before after them (guarantee 10)', async () => {
    await withClient(async (client) => {
      await client.ping();
      const before = listeners(client);
      const caches = Array.from({ length: 20 }, () => redis({ redis: client, redisUrl: undefined }));
      for (const cache of caches) await cache.set('key', 1);
      for (const count of Object.values(listeners(client)))
        expect(count).toBeLessThanOrEqual(client.getMaxListeners());
      for (const cache of caches) await cache.close();
      expect(listeners(client)).toEqual(before);
    });
  });

  it('a disabled cache leaves no listener on it either', async () => {
    await withClient(async (client) => {
      await client.ping();
      const before = listeners(client);
      const cache = redis({ redis: client, redisUrl: undefined, enabled: false });
      await cache.set('key', 1);
      await cache.close();
      expect(listeners(client)).toEqual(before);
    });
  });

  it('with lazyConnect it is connected at the first need', async () => {
    await withClient(
      async (client) => {
        const cache = redis({ redis: client, redisUrl: undefined });
        await cache.set('lazy', 1);
        expect(client.status).toBe('ready');
        expect(await redis().get('lazy')).toBe(1);
      },
      { lazyConnect: true },
    );
  });

  it.each([
    ['that is still connecting', {}],
    ['with auto-pipelining', { enableAutoPipelining: true }],
    ['without an offline queue', { enableOfflineQueue: false }],
    ['with RESP2', { protocol: 2 }],
  ])('%s', async (_, options) => {
    await withClient(async (client) => {
      const cache = redis({ redis: client, redisUrl: undefined });
      await cache.set('key', 1, { tags: ['tag'] });
      expect(await cache.get('key')).toBe(1);
      expect(await redis({ redis: client, redisUrl: undefined }).get('key')).toBe(1);
      expect((await cache.getMany(['key', 'x'])).size).toBe(1);
      await cache.invalidateTags('tag');
      expect(await cache.get('key')).toBeUndefined();
      await cache.namespace('n').set('key', 1);
      expect(await cache.namespace('n').invalidatePattern('k*')).toBe(1);
      await cache.clear();
    }, options);
  });

  it('with a keyPrefix of its own: patterns and clear find their keys, and only those', async () => {
    await withClient(
      async (client) => {
        const cache = redis({ redis: client, redisUrl: undefined });
        const bare = redis();
        await bare.set('key', 'bare');
        await cache.set('key', 'prefixed', { tags: ['tag'] });
        expect(await redis({ redis: client, redisUrl: undefined }).get('key')).toBe('prefixed');
        expect(await cache.invalidatePattern('k*')).toBe(1);
        await cache.set('key', 'again');
        await cache.clear();
        expect(await redis({ redis: client, redisUrl: undefined }).get('key')).toBeUndefined();
        expect(await redis().get('key')).toBe('bare');
        await bare.delete('key');
      },
      { keyPrefix: 'app:' },
    );
  });

  it('close settles what waits for an answer, though the client lives on', async () => {
    const own = await ownRedisServer();
    const client = new Redis(own.url);
    client.on('error', () => undefined);
    try {
      const cache = closing(new RedisCache({ redis: client, commandTimeout: '30s' }));
      await cache.set('key', 1);
      await own.pause();
      const waiting = Promise.allSettled([cache.get('other'), cache.set('key', 2), cache.clear()]);
      await turn();
      await cache.close();
      const [get] = await waiting;
      expect(get.status).toBe('fulfilled');
    } finally {
      client.disconnect();
      await own.stop();
    }
  });

  it('that has been ended is Redis away, not an exception', async () => {
    await withClient(async (client) => {
      await client.ping();
      client.disconnect();
      await once(client, 'end');
      const cache = redis({
        redis: client,
        redisUrl: undefined,
        onError: 'degrade',
        commandTimeout: '200ms',
      });
      await cache.set('key', 1);
      expect(await cache.get('key')).toBe(1);
      expect(cache.stats().errors).toBeGreaterThan(0);
    });
  });
});

describe('how Redis is named', () => {
  it('by host and port, with a database number', async () => {
    const { host, port } = server;
    const cache = redis({ redis: { host, port, db: 3 }, redisUrl: undefined });
    await cache.set('in database 3', 1);
    expect(await redis({ redisUrl: `${server.url}/3` }).get('in database 3')).toBe(1);
    expect(await redis().get('in database 3')).toBeUndefined();
    await cache.clear();
  });

  it('by user and password, apart from the URL', async () => {
    await raw.call('ACL', 'SETUSER', 'app', 'on', '>p@ss:word/', '~*', '&*', '+@all');
    const { host, port } = server;
    const cache = redis({
      redis: { host, port, username: 'app', password: 'p@ss:word/' },
      redisUrl: undefined,
    });
    await cache.set('key', 1);
    const byUrl = redis({
      redisUrl: `redis://app:${encodeURIComponent('p@ss:word/')}@${host}:${String(port)}`,
    });
    expect(await byUrl.get('key')).toBe(1);
    await raw.call('ACL', 'DELUSER', 'app');
  });
});
