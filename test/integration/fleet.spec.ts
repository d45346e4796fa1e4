import { Test, type TestingModule } from '@nestjs/testing';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { readFleet } from '../../libs/cache-infra/src/fleet/read-fleet.js';
import type { FleetSummary } from '../../libs/cache-infra/src/fleet/summary.js';
import {
  CacheInfraModule,
  getCacheToken,
  type CacheInfraModuleOptions,
} from '../../libs/cache-infra/src/nestjs/index.js';
import { withEnvironment } from '../../libs/cache-infra/src/testing/environment.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';
import { until } from '../support/until.js';

const suite = redisForSuite();
const closing = closingAfterEach();
let tests = 0;
let keyPrefix = '';
beforeEach(() => {
  keyPrefix = `${suite.prefix}-${String(++tests)}`;
});

type Metadata = Parameters<typeof Test.createTestingModule>[0];

async function start(imports: Metadata['imports']): Promise<TestingModule> {
  const module = await Test.createTestingModule({ imports: imports ?? [] }).compile();
  return closing(await module.init());
}

function root(options: CacheInfraModuleOptions = {}) {
  return CacheInfraModule.forRoot({ redisUrl: suite.url, keyPrefix, ...options });
}

async function fleet(): Promise<FleetSummary> {
  await using reader = new RedisCache({ redisUrl: suite.url, keyPrefix, enableL1Cache: false });
  await reader.connect();
  return await readFleet(reader);
}

async function shown(): Promise<FleetSummary> {
  await until(async () => (await fleet()).instances.length > 0, 'an instance');
  return fleet();
}

/** Publishes to the same Redis after the application under test would have. */
async function nothingShown(): Promise<void> {
  const prefix = keyPrefix;
  keyPrefix = `${prefix}-control`;
  await start([root()]);
  await shown();
  keyPrefix = prefix;
  expect((await fleet()).instances).toEqual([]);
}

describe('an application with Redis', () => {
  it('publishes itself without an option: its caches, its AI caches, its name', async () => {
    await start([
      root({ caches: { sessions: {} } }),
      CacheInfraModule.forAi({ name: 'answers', redisUrl: suite.url, keyPrefix: `${keyPrefix}-ai` }),
    ]);
    const [instance, ...others] = (await shown()).instances;
    expect(others).toEqual([]);
    expect(instance?.name).toMatch(new RegExp(`:${String(process.pid)}$`));
    expect(instance?.caches.map(({ name, kind }) => [name, kind])).toEqual([
      ['default', 'redis'],
      ['sessions', 'redis'],
      ['answers', 'redis'],
    ]);
    expect(instance?.ai.map(({ cache }) => cache)).toEqual(['answers']);
    expect(instance?.node).toBe(process.versions.node);
  });

  it('is withdrawn when it closes', async () => {
    const module = await start([root()]);
    await shown();
    await module.close();
    expect((await fleet()).instances).toEqual([]);
  });

  it('takes its name and its period', async () => {
    await start([root({ fleet: { name: 'shop-1', every: '1s' } })]);
    expect((await shown()).instances[0]?.name).toBe('shop-1');
  });

  it('publishes nothing with fleet: false in any of its modules', async () => {
    await start([root(), CacheInfraModule.forRoot({ name: 'other', fleet: false })]);
    await nothingShown();
  });

  it('names no key of a cache that is not in that Redis', async () => {
    const module = await start([
      root({ fleet: { every: '1s' }, caches: { pages: {} } }),
      CacheInfraModule.forRoot({ name: 'private' }),
    ]);
    await module.get<Cache>(getCacheToken('private')).get('secret-word');
    await module.get<Cache>(getCacheToken('private')).invalidateTags('secret-tag');
    await module.get<Cache>(getCacheToken('pages')).get('seen-word');
    const keys = async () => (await fleet()).total.windows['1m'].topKeys.map(({ key }) => key);
    await until(async () => (await keys()).includes('seen-word'), 'the read key');

    expect(await keys()).toEqual(['seen-word']);
    expect(JSON.stringify(await fleet())).not.toContain('secret');
    expect((await fleet()).total.caches.map(({ name }) => name)).toContain('private');
  });

  it.each([{ CACHE_FLEET: 'false' }, { CACHE_MONITORING_ENABLED: 'false' }])(
    'publishes nothing with %j',
    async (environment) => {
      await withEnvironment(environment, () => start([root()]));
      await nothingShown();
    },
  );

  it('publishes nothing from a test', async () => {
    await start([CacheInfraModule.forTesting({ redisUrl: suite.url, keyPrefix })]);
    await nothingShown();
  });

  it.each([
    [{ every: '1ms' }, /fleet\.every must be from '1s' to '1m'/],
    [{ keys: 'no' }, /fleet\.keys must be true or false/],
    [{ name: '' }, /fleet\.name cannot be empty/],
    [{ evry: '5s' }, /fleet\.evry is not a known option \(did you mean 'every'\?\)/],
    [true, /fleet must be false or an object/],
  ])('refuses %j', async (wrong, words) => {
    const options = { fleet: wrong } as object;
    await expect(start([root(options)])).rejects.toThrow(words);
  });
});

describe('an application in memory', () => {
  it('starts and closes without a publication', async () => {
    const module = await start([CacheInfraModule.forRoot()]);
    expect(module.get(getCacheToken())).not.toBeInstanceOf(RedisCache);
    await module.close();
  });
});
