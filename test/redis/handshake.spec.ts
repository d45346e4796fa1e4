import { inspect } from 'node:util';

import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CacheFactory } from '../../libs/cache-infra/src/config/cache-factory.js';
import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { startRedisNode, type RedisNodeProcess } from '../support/redis-processes.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
const outOfRange = /DB index is out of range/;

function silent(): { lines: string[]; warn(line: string): void; log(): void } {
  const lines: string[] = [];
  return { lines, warn: (line) => lines.push(line), log: () => undefined };
}

describe('a database that cannot be selected', () => {
  let server: RedisServer;
  let raw: Redis;
  beforeAll(async () => {
    server = await ownRedisServer();
    raw = new Redis(server.url);
  });
  afterAll(async () => {
    raw.disconnect();
    await server.stop();
  });
  beforeEach(() => raw.flushall());

  const staging = (options: Partial<RedisCacheOptions> = {}): RedisCache =>
    closing(new RedisCache({ redisUrl: `${server.url}/20`, commandTimeout: '5s', ...options }));

  /** A client of the application's own, which asked for a database that is not there. */
  function clientOf(db: number): Redis {
    const client = new Redis(server.url, { db, disconnectTimeout: 20 });
    client.on('error', () => undefined);
    closing({ close: () => client.disconnect() });
    return client;
  }

  it('T40: fails the connection, with the words of Redis in connect(), the log and health', async () => {
    const logger = silent();
    const cache = staging({ logger });

    await expect(cache.connect()).rejects.toThrow(InfrastructureError);
    await expect(cache.connect()).rejects.toThrow(outOfRange);

    expect(logger.lines[0]).toMatch(outOfRange);
    const { status, tiers } = await cache.health();
    expect([status, tiers.l2?.status]).toEqual(['degraded', 'away']);
    expect(tiers.l2?.lastError).toMatch(outOfRange);
  });

  it('T40: never becomes database 0: nothing is written, read or cleared there', async () => {
    const production = closing(new RedisCache({ redisUrl: `${server.url}/0`, commandTimeout: '5s' }));
    await production.set('price:lamp', 42);
    const cache = staging();

    await cache.set('price:lamp', 'a test price');
    await cache.delete('price:lamp');
    await cache.invalidateTags('prices');
    await cache.clear();
    await cache.connect().catch(() => undefined);
    await cache.clear();

    expect(await raw.exists('cache::price:lamp')).toBe(1);
    expect(await staging({ enableL1Cache: false }).get('price:lamp')).toBeUndefined();
  });

  it('T40: rejects with failOnConnectionError, also for the test database', async () => {
    const factory = new CacheFactory({ env: { REDIS_TEST_DB: '77' }, logger: silent() });
    const options = { redisUrl: server.url, failOnConnectionError: true };
    await expect(factory.forTesting(options)).rejects.toThrow(outOfRange);
  });

  it('T40: a cache that may start without Redis starts in memory', async () => {
    const factory = new CacheFactory({ env: { REDIS_TEST_DB: '77' }, logger: silent() });
    const cache = closing(await factory.forTesting({ redisUrl: server.url }));
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    expect(await raw.dbsize()).toBe(0);
  });

  it("T40: a client of the user's own in it is not used", async () => {
    const cache = closing(new RedisCache({ redis: clientOf(20), commandTimeout: '5s' }));

    await expect(cache.connect()).rejects.toThrow(outOfRange);
    await cache.set('key', 1);

    expect(await raw.dbsize()).toBe(0);
    expect((await cache.health()).tiers.l2?.lastError).toMatch(outOfRange);
  });

  it("T40: a client of the user's own that was ready before is asked where it is", async () => {
    const client = clientOf(20);
    await until(() => client.status === 'ready', 'the client');
    const cache = closing(new RedisCache({ redis: client, commandTimeout: '5s' }));

    await cache.set('key', 1);
    await expect(cache.connect()).rejects.toThrow(/in database 0 instead of database 20/);

    expect(await raw.dbsize()).toBe(0);
  });

  it("T40: a client of the user's own in a database that is there is used at once", async () => {
    const client = clientOf(3);
    await until(() => client.status === 'ready', 'the client');
    const cache = closing(new RedisCache({ redis: client, commandTimeout: '5s', onError: 'throw' }));
    await cache.set('key', 1);
    expect(await closing(new RedisCache({ redisUrl: `${server.url}/3` })).get('key')).toBe(1);
  });
});

describe("a client of the user's own with a URL for a host", () => {
  it('T39: shows its password in no error, log line or health', async () => {
    const logger = silent();
    const client = new Redis({
      host: 'redis://shop:a-long-password@redis.invalid',
      lazyConnect: true,
      disconnectTimeout: 20,
    });
    client.on('error', () => undefined);
    closing({ close: () => client.disconnect() });
    const cache = closing(new RedisCache({ redis: client, logger, connectTimeout: '5s' }));

    const error: unknown = await cache.connect().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(InfrastructureError);
    const told = inspect([error, logger.lines, await cache.health(), cache], { depth: 9 });
    expect(told).toContain('redis.invalid');
    expect(told).not.toContain('a-long-password');
  });
});

describe('a server that does not know INFO', () => {
  let node: RedisNodeProcess;
  beforeAll(async () => {
    node = await startRedisNode({ config: ['rename-command INFO ""'] });
  });
  afterAll(() => node.end());

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'T45: is connected to, and told of changes (%s)',
    async (coherence) => {
      const redisUrl = `redis://${node.host}:${node.port}`;
      const options = {
        redisUrl,
        coherence,
        commandTimeout: '5s',
        connectTimeout: '5s',
        onError: 'throw',
      } as const;
      const cache = closing(new RedisCache(options));

      await cache.connect();
      await cache.set(coherence, 1);

      expect(await cache.get(coherence)).toBe(1);
      await until(async () => (await cache.health()).tiers.l2?.coherence === 'armed', 'the channel');
    },
  );
});

describe('a server that is loading its data', () => {
  it('T45: is still waited for', async () => {
    // Every key takes 20 ms to load: 50 keys, a second.
    const node = await startRedisNode({ config: ['enable-debug-command yes'] });
    try {
      await node.admin.call('DEBUG', 'POPULATE', '50');
      await node.admin.config('SET', 'key-load-delay', '20000');
      node.admin.call('DEBUG', 'RELOAD').catch(() => undefined);
      const redisUrl = `redis://${node.host}:${node.port}`;
      const cache = closing(
        new RedisCache({ redisUrl, commandTimeout: '5s', connectTimeout: '20s', onError: 'throw' }),
      );

      await cache.connect();
      await cache.set('key', 1);

      expect(await node.admin.info('persistence')).toContain('loading:0');
      expect(await cache.get('key')).toBe(1);
    } finally {
      await node.end();
    }
  });
});
