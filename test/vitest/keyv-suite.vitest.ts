import keyvTestSuite, { keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv-6';
import { InMemoryCache, RedisCache } from 'nestjs-cache-infra';
import { KeyvCacheStore } from 'nestjs-cache-infra/keyv';
import * as vitest from 'vitest';

const { TEST_REDIS_URL: redisUrl, TEST_KEY_PREFIX: keyPrefix } = process.env;

type Part = typeof keyvTestSuite;
const versions: [name: string, Keyv: typeof Keyv5, parts: readonly Part[]][] = [
  ['Keyv 5', Keyv5, [keyvTestSuite, keyvIteratorTests]],
  // The part of the API asks for the `deleteMany` of Keyv 5. Keyv 6 has the names that the other parts use.
  ['Keyv 6', Keyv6 as never, [keyvValueTests, keyvNamespaceTest, keyvIteratorTests]],
];
const homes: [name: string, open: () => InMemoryCache | RedisCache][] = [
  ['in memory', () => new InMemoryCache()],
  ['on Redis, with an L1', () => redisCache(true)],
  ['on Redis, without an L1', () => redisCache(false)],
];

function redisCache(enableL1Cache: boolean): RedisCache {
  return new RedisCache({ redisUrl, keyPrefix, enableL1Cache, onError: 'throw', commandTimeout: '5s' });
}

vitest.describe.each(versions)('%s', (_version, Keyv, parts) => {
  vitest.describe.each(homes)('%s', (_home, open) => {
    const cache = open();
    vitest.afterAll(() => cache.close());

    for (const part of parts) part(vitest, Keyv, () => new KeyvCacheStore(cache));
  });
});
