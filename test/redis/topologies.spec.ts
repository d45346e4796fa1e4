import { Redis } from 'ioredis';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { InfrastructureError, LockNotAcquiredError } from '../../libs/cache-infra/src/base/errors.js';
import { closingAfterEach } from '../support/closing.js';
import { startCluster, type RedisClusterSetup } from '../support/redis-cluster.js';
import { startRedisNode, type RedisNodeProcess } from '../support/redis-processes.js';
import { startSentinelSetup, type SentinelSetup } from '../support/redis-sentinel.js';
import { startTlsRedis, type TlsRedis } from '../support/redis-tls.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();

function cacheOf(options: RedisCacheOptions): RedisCache {
  return closing(new RedisCache({ onError: 'throw', commandTimeout: '5s', ...options }));
}

/** Everything that reaches Redis in a way of its own, through one instance and seen by another without an L1. */
async function expectComplete(options: RedisCacheOptions): Promise<void> {
  const cache = cacheOf(options);
  const direct = cacheOf({ ...options, enableL1Cache: false });
  const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);

  await cache.setMany(keys.map((key, i) => [key, i]));
  expect([...(await direct.getMany(keys)).values()]).toEqual(keys.map((_, i) => i));
  expect(await direct.getOrSet('loaded', () => 'value', { tags: ['tag'] })).toBe('value');
  expect(await cache.get('loaded')).toBe('value');
  await cache.invalidateTags('tag');
  expect(await direct.get('loaded')).toBeUndefined();
  expect(await cache.deleteMany(keys.slice(0, 10))).toBe(10);
  expect(await direct.invalidatePattern('key:1?')).toBe(10);
  const users = cache.namespace('users');
  await users.set('1', 'one');
  await cache.namespace('usersAbc').set('1', 'other');
  await users.clear();
  expect(await direct.namespace('users').has('1')).toBe(false);
  expect(await direct.namespace('usersAbc').has('1')).toBe(true);
  await cache.clear();
  expect((await direct.getMany(keys)).size).toBe(0);
  expect(await cache.getOrSet('locked', () => 'one', { lock: true })).toBe('one');
  expect(await direct.getOrSet('locked', () => 'never', { lock: true })).toBe('one');
  const refusal = cache.lock('job', '5s', () => direct.lock('job', '5s', () => 'never', { wait: 0 }));
  await expect(refusal).rejects.toThrow(LockNotAcquiredError);
  expect(await direct.lock('job', '5s', () => 'free', { wait: 0 })).toBe('free');
  const limit = { windowMs: 60_000, limit: 1, blockMs: 1000 };
  const counts = [await cache.countHit('a', 'key', limit), await direct.countHit('a', 'key', limit)];
  expect(counts).toMatchObject([{ hits: 1 }, { hits: 2, isBlocked: true }]);
  expect(await cache.health()).toMatchObject({
    status: 'up',
    tiers: { l2: { status: 'ready', coherence: 'armed' } },
  });
}

/** What one instance changes leaves the L1 of another. */
async function expectCoherent(options: RedisCacheOptions, count = 50): Promise<void> {
  const [one, other]: Cache[] = [cacheOf(options), cacheOf(options)];
  const keys = Array.from({ length: count }, (_, i) => `coherent:${i}`);
  await one!.setMany(keys.map((key) => [key, 'old']));
  for (const key of keys) expect(await other!.get(key)).toBe('old');

  await one!.setMany(keys.map((key) => [key, 'new']));

  await until(
    async () => [...(await other!.getMany(keys)).values()].every((value) => value === 'new'),
    'the new values',
  );
  await one!.deleteMany(keys);
  await until(async () => (await other!.getMany(keys)).size === 0, 'the deletes');
}

describe('guarantee 13: Cluster: three masters, three replicas', () => {
  let cluster: RedisClusterSetup;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  const options = (more: Partial<RedisCacheOptions> = {}): RedisCacheOptions => ({
    redis: { nodes: cluster.nodes },
    l1CacheSize: 500,
    ...more,
  });

  it('pitfall (Cluster: several slots in one command, SCAN on one node only) every call of the contract works', async () => {
    await expectComplete(options({ keyPrefix: 'complete' }));
  });

  it.each(['tracking', 'broadcast', 'pubsub'] as const)(
    'the L1s are coherent by %s, on every master (guarantee 5)',
    async (coherence) => {
      await expectCoherent(options({ keyPrefix: `coherent-${coherence}`, coherence }));
    },
  );

  it('an invalidation wins over a load under way in another instance (guarantee 1)', async () => {
    const one = cacheOf(options({ keyPrefix: 'race' }));
    const other = cacheOf(options({ keyPrefix: 'race' }));
    await other.get('key');
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const loaded = await one.getOrSet(key, async () => {
        await other.delete(key);
        return 'old';
      });
      expect(loaded).toBe('old');
      expect(await one.get(key)).toBeUndefined();
      expect(await other.get(key)).toBeUndefined();
    }
  });

  it('T42: keys() lists what stands on every master', async () => {
    const cache = cacheOf({ redis: { nodes: cluster.nodes }, keyPrefix: 'listed', enableL1Cache: false });
    const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`).sort();
    await cache.setMany(keys.map((key) => [key, 1]));
    const found: string[] = [];
    for await (const key of cache.keys()) found.push(key);
    expect(found.sort()).toEqual(keys);
    await cache.set('key:tagged', 1, { tags: ['tag'] });
    await cache.namespace('users').set('1', 1);
    await cache.invalidateTags('tag');
    const some: string[] = [];
    for await (const key of cache.keys('key:?')) some.push(key);
    expect(some.sort()).toEqual(keys.filter((key) => key.length === 'key:?'.length));
    for await (const key of cache.namespace('users').keys()) expect(key).toBe('1');
  });

  it('keys() lists a key once that two masters hold while its slot moves', async () => {
    const cache = cacheOf({ redis: { nodes: cluster.nodes }, keyPrefix: 'moving', enableL1Cache: false });
    await cache.set('key', 1);
    const masters = (await cluster.masters()).map(({ host, port }) => new Redis({ host, port }));
    try {
      const slot = await masters[0]!.cluster('KEYSLOT', 'moving::key');
      const holds = await Promise.all(masters.map((node) => node.cluster('COUNTKEYSINSLOT', slot)));
      const owner = holds.findIndex((count) => count === 1);
      const [from, to] = [masters[owner]!, masters[(owner + 1) % masters.length]!];
      await to.cluster('SETSLOT', slot, 'IMPORTING', await from.cluster('MYID'));
      const bytes = await from.getBuffer('moving::key');
      await to.pipeline().asking().set('moving::key', bytes!).exec();

      const found: string[] = [];
      for await (const key of cache.keys()) found.push(key);
      expect(await to.cluster('COUNTKEYSINSLOT', slot)).toBe(1);
      expect(found).toEqual(['key']);

      await to.pipeline().asking().del('moving::key').exec();
      await to.cluster('SETSLOT', slot, 'STABLE');
    } finally {
      for (const master of masters) master.disconnect();
    }
  });

  it('one node to begin with is enough', async () => {
    const cache = cacheOf({ redis: { nodes: cluster.nodes.slice(0, 1) }, keyPrefix: 'one' });
    await cache.set('key', 1);
    expect(await cacheOf(options({ keyPrefix: 'one', enableL1Cache: false })).get('key')).toBe(1);
  });
});

describe('guarantee 13: Sentinel: a master, two replicas, three Sentinels', () => {
  let setup: SentinelSetup;
  beforeAll(async () => {
    setup = await startSentinelSetup();
  }, 60_000);
  afterAll(() => setup[Symbol.asyncDispose]());

  const options = (more: Partial<RedisCacheOptions> = {}): RedisCacheOptions => ({
    redis: { sentinels: setup.sentinels, sentinelName: setup.name },
    l1CacheSize: 500,
    ...more,
  });

  it('every call of the contract works, on the master', async () => {
    await expectComplete(options({ keyPrefix: 'complete' }));
  });

  it('the L1s are coherent (guarantee 5)', async () => {
    await expectCoherent(options({ keyPrefix: 'coherent' }));
  });

  it('a failover asked for by an operator: coherent again, nothing to restart (guarantee 5)', async () => {
    const one = cacheOf(options({ keyPrefix: 'failover', onError: 'degrade' }));
    const other = cacheOf(options({ keyPrefix: 'failover', onError: 'degrade' }));
    await one.set('key', 'old');
    expect(await other.get('key')).toBe('old');
    const master = await setup.master();
    const sentinel = new Redis({ ...setup.sentinels[0]!, disconnectTimeout: 20 });

    await sentinel.call('SENTINEL', 'FAILOVER', setup.name);
    sentinel.disconnect();
    await setup.failedOver(master);

    await one.set('key', 'new');
    await until(async () => (await other.get('key')) === 'new', 'the other instance to see it', 15_000);
    await until(async () => (await one.health()).status === 'up', 'a healthy cache', 15_000);
    await other.set('key', 'newer');
    await until(async () => (await one.get('key')) === 'newer', 'the first instance to see it', 15_000);
  }, 60_000);
});

describe('guarantee 13: TLS, with an authority of the test', () => {
  let redis: TlsRedis;
  beforeAll(async () => {
    redis = await startTlsRedis(['user app on >secret ~tls* &* +@all', 'user default off']);
  }, 60_000);
  afterAll(() => redis[Symbol.asyncDispose]());

  const tls = () => ({ ca: redis.ca, ...redis.client, servername: redis.servername });
  const server = (): { host: string; port: number; username: string; password: string } => ({
    host: redis.host,
    port: redis.port,
    username: 'app',
    password: 'secret',
  });
  const refused = async (options: RedisCacheOptions): Promise<void> => {
    const cache = cacheOf({ connectTimeout: '1s', commandTimeout: '1s', ...options });
    const failure = cache.connect();
    await expect(failure).rejects.toThrow(InfrastructureError);
    await expect(failure).rejects.not.toThrow(/secret|PRIVATE KEY/);
  };

  it('a client certificate, the name on the certificate, and an ACL user', async () => {
    await expectComplete({ redis: { ...server(), tls: tls() }, keyPrefix: 'tls' });
  });

  it('the connection for invalidations is encrypted as well', async () => {
    await expectCoherent({ redis: { ...server(), tls: tls() }, keyPrefix: 'tls-coherent', l1CacheSize: 500 });
  });

  it.each<[string, () => RedisCacheOptions]>([
    ['no TLS at all', () => ({ redis: server() })],
    [
      'an authority that is not known',
      () => ({ redis: { ...server(), tls: { ...tls(), ca: redis.stranger.ca } } }),
    ],
    [
      'another name on the certificate',
      () => ({ redis: { ...server(), tls: { ...tls(), servername: 'elsewhere.test' } } }),
    ],
    [
      'no client certificate',
      () => ({ redis: { ...server(), tls: { ca: redis.ca, servername: redis.servername } } }),
    ],
    [
      'a client certificate of another authority',
      () => ({
        redis: { ...server(), tls: { ...tls(), cert: redis.stranger.cert, key: redis.stranger.key } },
      }),
    ],
    ['a wrong password', () => ({ redis: { ...server(), password: 'wrong-secret', tls: tls() } })],
  ])('%s is refused, and no credential is told', async (_, options) => {
    await refused(options());
  });
});

describe('guarantee 13: one server', () => {
  let node: RedisNodeProcess;
  beforeAll(async () => {
    node = await startRedisNode({
      config: [
        'unixsocket <dir>/redis.sock',
        'user app on >app-password ~app:* &* +@all',
        'user reader on >reader-password ~app:* &* +@read +@connection +client',
      ],
    });
  }, 30_000);
  afterAll(() => node.end());

  it('a Unix socket', async () => {
    await expectComplete({ redis: { path: `${node.dir}/redis.sock` }, keyPrefix: 'unix' });
    await expectCoherent({ redisUrl: `unix://${node.dir}/redis.sock`, keyPrefix: 'unix-url' });
  });

  it('a database of its own', async () => {
    const third: RedisCacheOptions = { redis: { host: node.host, port: node.port, db: 3 }, keyPrefix: 'db' };
    await expectComplete(third);
    await expectCoherent(third);
    await cacheOf(third).set('key', 1);
    expect(
      await cacheOf({ redis: { host: node.host, port: node.port }, keyPrefix: 'db' }).get('key'),
    ).toBeUndefined();
    expect(
      await cacheOf({ redisUrl: `redis://${node.host}:${node.port}/3`, keyPrefix: 'db' }).get('key'),
    ).toBe(1);
  });

  it('an ACL user that may touch the keys under its prefix alone (guarantee 12)', async () => {
    const app = { host: node.host, port: node.port, username: 'app', password: 'app-password' };
    await expectComplete({ redis: app, keyPrefix: 'app' });
    await expectCoherent({ redis: app, keyPrefix: 'app' });

    const elsewhere = cacheOf({ redis: app, keyPrefix: 'elsewhere' });
    await expect(elsewhere.set('key', 1)).rejects.toThrow(/NOPERM/);
    await expect(elsewhere.get('key')).rejects.not.toThrow(/app-password/);
  });

  it('an ACL user that may only read (guarantee 12)', async () => {
    const app = { host: node.host, port: node.port, username: 'app', password: 'app-password' };
    await cacheOf({ redis: app, keyPrefix: 'app' }).set('key', 1);
    const reader = cacheOf({
      redis: { ...app, username: 'reader', password: 'reader-password' },
      keyPrefix: 'app',
      onError: 'degrade',
    });

    expect(await reader.get('key')).toBe(1);
    await reader.set('key', 2);
    expect(await cacheOf({ redis: app, keyPrefix: 'app', enableL1Cache: false }).get('key')).toBe(1);
  });
});
