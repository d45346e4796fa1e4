import { networkInterfaces } from 'node:os';

import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
const password = 'S3CRET';
let server: RedisServer;
let raw: Redis;

beforeAll(async () => {
  server = await ownRedisServer(['--bind', '*', '--protected-mode', 'no']);
  raw = new Redis(server.url);
});
beforeEach(async () => {
  await raw.flushall();
  await raw.acl('SETUSER', 'default', 'on', 'nopass', '~*', '&*', '+@all');
  await raw.config(
    'SET',
    'maxmemory',
    '0',
    'maxmemory-policy',
    'allkeys-lru',
    'tracking-table-max-keys',
    '1000000',
  );
});
afterAll(async () => {
  raw.disconnect();
  await server.stop();
});

/**
 * Connects, and waits until the adviser has asked and told all: it gives up its last word with the last question's
 * answer.
 */
async function warnings(options: Partial<RedisCacheOptions> = {}, expected = 0): Promise<string[]> {
  const told: string[] = [];
  const logger = { log: () => undefined, warn: (line: string) => told.push(line) };
  const before = await asked();
  const cache = closing(new RedisCache({ redisUrl: server.url, logger, commandTimeout: '5s', ...options }));
  await cache.connect();
  if (options.advanced?.adviser === false) await cache.get('key');
  else
    await until(
      async () => (await asked()) >= before + 2 && told.length >= expected,
      'the adviser to have asked',
    );
  await cache.get('key');
  await cache.get('other');
  return told;
}

/** How many times CONFIG GET was called, refused calls included. */
async function asked(): Promise<number> {
  const stats = await raw.info('commandstats');
  const line = /cmdstat_config\|get:calls=(\d+).*?rejected_calls=(\d+)/.exec(stats);
  return Number(line?.[1] ?? 0) + Number(line?.[2] ?? 0);
}

/** An address of this machine that is not the loopback's: by it Redis is reached as from another host. */
const outerAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const itAcrossHosts = outerAddress === undefined ? it.skip : it;

describe('the adviser, when Redis is first connected', () => {
  it('says nothing about a good setting', async () => {
    expect(await warnings()).toEqual([]);
  });

  it('warns of the default prefix where somebody else has keys, and names none of them', async () => {
    await raw.set('S3CRET-session', 1);

    expect(await warnings({}, 1)).toEqual([expect.stringContaining("default key prefix 'cache'")]);
  });

  it('takes keys of other caches for no sharing', async () => {
    await raw.mset('cache::a', 1, 'cache.sessions::b', 1);

    expect(await warnings()).toEqual([]);
  });

  it('does not look at keys for a cache with a prefix of its own', async () => {
    await raw.set('other', 1);

    expect(await warnings({ keyPrefix: 'shop' })).toEqual([]);
  });

  it('warns of noeviction with a limit, and of a small tracking table', async () => {
    await raw.config(
      'SET',
      'maxmemory',
      '100mb',
      'maxmemory-policy',
      'noeviction',
      'tracking-table-max-keys',
      '5',
    );

    expect(await warnings({}, 2)).toEqual([
      expect.stringContaining('maxmemory-policy noeviction'),
      expect.stringContaining('tracks at most 5 keys'),
    ]);
  });

  itAcrossHosts('warns of plaintext and of a missing password across hosts', async () => {
    const redis = { host: outerAddress, port: server.port };

    expect(await warnings({ redis, redisUrl: undefined }, 2)).toEqual([
      expect.stringContaining('without TLS'),
      expect.stringContaining('without a password, protected-mode is off'),
    ]);
  });

  itAcrossHosts(
    'tolerates that CONFIG and SCAN are forbidden, and warns of what it knows, without credentials',
    async () => {
      await raw.acl('SETUSER', 'app', 'on', `>${password}`, '~*', '&*', '+@all', '-config', '-scan');
      await raw.set('other', 1);
      const redis = { host: outerAddress, port: server.port, username: 'app', password };

      const told = await warnings({ redis, redisUrl: undefined }, 1);

      expect(told).toEqual([expect.stringContaining('without TLS')]);
      expect(told.join()).not.toContain(password);
    },
  );

  it('can be switched off', async () => {
    await raw.set('other', 1);
    const before = await asked();

    expect(await warnings({ advanced: { adviser: false } })).toEqual([]);
    expect(await asked()).toBe(before);
  });

  it('tells a logger the same but once, however many caches share it', async () => {
    await raw.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'noeviction');
    const told: string[] = [];
    const logger = { log: () => undefined, warn: (line: string) => told.push(line) };

    await warnings({ logger });
    await warnings({ logger });
    await until(() => told.length > 0, 'the warning');

    expect(told).toHaveLength(1);
  });

  it('is not heard after the cache is closed', async () => {
    await raw.set('other', 1);
    const told: string[] = [];
    const logger = { log: () => undefined, warn: (line: string) => told.push(line) };
    const cache = new RedisCache({ redisUrl: server.url, logger });
    await cache.connect();
    await cache.close();
    await asked();

    expect(told).toEqual([]);
  });

  it('is harmed by no logger that throws, and harms nobody', async () => {
    await raw.set('other', 1);
    const warn = (): never => {
      throw new Error('no disk');
    };

    expect(await warnings({ logger: { log: () => undefined, warn } })).toEqual([]);
  });

  it('asks nothing for a cache without a logger', async () => {
    const before = await asked();
    const cache = closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }));
    await cache.connect();
    await cache.get('key');

    expect(await asked()).toBe(before);
  });
});
