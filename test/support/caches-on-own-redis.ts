import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { armed } from './armed.js';
import { closingAfterEach } from './closing.js';
import { ownRedisServer } from './redis.js';

/** A failure of Redis is a failure of the test, and a busy machine is none of Redis. */
export const patient = { onError: 'throw', commandTimeout: '10s', connectTimeout: '10s' } as const;

/** Caches on a server that a file has to itself. */
export interface CachesOnOwnRedis {
  readonly server: RedisServer;
  readonly raw: Redis;
  /** Each test has a part of the server to itself. */
  readonly keyPrefix: string;
  /** Connected, and told of changes. Closed after the test. */
  readonly redis: (options?: Partial<RedisCacheOptions>) => Promise<RedisCache>;
  readonly closing: ReturnType<typeof closingAfterEach>;
}

/** Called at the top of a file. */
export function cachesOnOwnRedis(): CachesOnOwnRedis {
  const closing = closingAfterEach();
  let server: RedisServer;
  let raw: Redis;
  let tests = 0;
  const own = {
    get server() {
      return server;
    },
    get raw() {
      return raw;
    },
    get keyPrefix() {
      return `t${String(tests)}`;
    },
    closing,
    redis: async (options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> => {
      const redisUrl = options.redis === undefined ? { redisUrl: server.url } : {};
      const keyPrefix = `t${String(tests)}`;
      const cache = closing(new RedisCache({ keyPrefix, ...redisUrl, ...patient, ...options }));
      await cache.connect();
      await cache.get('nothing');
      const { enableL1Cache = true, coherence = 'tracking' } = options;
      return enableL1Cache && coherence !== 'none' ? armed(cache) : cache;
    },
  };

  beforeAll(async () => {
    server = await ownRedisServer();
    raw = new Redis(server.url);
  });
  afterAll(async () => {
    raw.disconnect();
    await server.stop();
  });
  beforeEach(() => {
    tests++;
  });
  afterEach(() => server.resume());
  return own;
}
