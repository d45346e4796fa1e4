import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { closingAfterEach } from './closing.js';
import { redisForSuite } from './redis.js';

/** Caches on the Redis that all test files share, each test under a key prefix of its own. */
export interface CachesOnSharedRedis {
  readonly url: string;
  readonly raw: Redis;
  readonly keyPrefix: string;
  /** Closed after the test. */
  readonly redis: (options?: Partial<RedisCacheOptions>) => RedisCache;
  /** The keys of the test in Redis, without their prefix, and without the records of deletes and clears. */
  readonly rawKeys: () => Promise<string[]>;
  /** How often the server ran each command. */
  readonly commandCalls: () => Promise<Map<string, string>>;
  readonly closing: ReturnType<typeof closingAfterEach>;
}

/** With an L1 before Redis, and without: the contract is the same. */
export const shapes: [what: string, options: Partial<RedisCacheOptions>][] = [
  ['with an L1', {}],
  ['without an L1', { enableL1Cache: false }],
];

/** Called at the top of a file. */
export function cachesOnSharedRedis(): CachesOnSharedRedis {
  const { url, prefix } = redisForSuite();
  const closing = closingAfterEach();
  let keyPrefix: string;
  let raw: Redis;
  beforeEach(() => {
    keyPrefix = `${prefix}-${randomUUID()}`;
    raw = new Redis(url);
  });
  afterEach(() => {
    raw.disconnect();
  });
  return {
    url,
    closing,
    get raw() {
      return raw;
    },
    get keyPrefix() {
      return keyPrefix;
    },
    redis: (options = {}) =>
      closing(
        new RedisCache({ redisUrl: url, keyPrefix, onError: 'throw', commandTimeout: '5s', ...options }),
      ),
    rawKeys: async () => {
      const found: string[] = [];
      for await (const keys of raw.scanStream({ match: `${keyPrefix}*`, count: 1000 }))
        found.push(...(keys as string[]));
      const names = found.map((key) => key.slice(keyPrefix.length));
      return names.filter((name) => !name.startsWith(':!d:') && !name.startsWith(':!cleared')).sort();
    },
    commandCalls: async () => {
      const info = await raw.info('commandstats');
      return new Map(
        Array.from(info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm), ([, name, calls]) => [
          String(name),
          String(calls),
        ]),
      );
    },
  };
}
