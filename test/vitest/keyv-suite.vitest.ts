import keyvTestSuite from '@keyv/test-suite';
import Keyv from 'keyv';
import { InMemoryCache, RedisCache } from 'nestjs-cache-infra';
import { KeyvCacheStore } from 'nestjs-cache-infra/keyv';
import * as vitest from 'vitest';

const { TEST_REDIS_URL: redisUrl, TEST_KEY_PREFIX: keyPrefix } = process.env;

vitest.describe('in memory', () => {
  const cache = new InMemoryCache();
  vitest.afterAll(() => cache.close());

  keyvTestSuite(vitest, Keyv, () => new KeyvCacheStore(cache));
});

vitest.describe.each([
  ['with an L1', true],
  ['without an L1', false],
])('on Redis, %s', (_, enableL1Cache) => {
  const cache = new RedisCache({
    redisUrl,
    keyPrefix,
    enableL1Cache,
    onError: 'throw',
    commandTimeout: '5s',
  });
  vitest.afterAll(() => cache.close());

  keyvTestSuite(vitest, Keyv, () => new KeyvCacheStore(cache));
});
