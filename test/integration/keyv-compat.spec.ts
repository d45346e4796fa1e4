import { describe } from '@jest/globals';
import { createCache as createTheirs } from 'cache-manager';
import Keyv from 'keyv';
import { RedisCache } from 'nestjs-cache-infra';
import { createCache } from 'nestjs-cache-infra/compat';
import { KeyvCacheStore } from 'nestjs-cache-infra/keyv';

import { cacheManagerContract, type CacheManagerLike } from '../support/cache-manager-contract.js';
import { redisForSuite } from '../support/redis.js';

const { url, prefix } = redisForSuite();
/** The tests put the date forward. */
const clock = { now: () => Date.now() };

describe.each([
  ['with an L1', true],
  ['without an L1', false],
])('on Redis, %s', (name, enableL1Cache) => {
  let count = 0;
  const redisCache = () =>
    new RedisCache({
      redisUrl: url,
      keyPrefix: `${prefix}.${name.replaceAll(' ', '-')}.${String(count++)}`,
      enableL1Cache,
      commandTimeout: '5s',
      advanced: { clock },
    });

  describe('compat keeps the contract of cache-manager (issue: shown by 2)', () => {
    cacheManagerContract((options) =>
      createCache({ ...options, cache: redisCache(), closeOnDisconnect: true }),
    );
  });

  describe('cache-manager 7.2.9 itself keeps it, on a KeyvCacheStore', () => {
    cacheManagerContract((options) => {
      const keyv = new Keyv({ store: new KeyvCacheStore(redisCache(), { closeOnDisconnect: true }) });
      return createTheirs({ ...(options as object), stores: [keyv] }) as unknown as CacheManagerLike;
    });
  });
});
