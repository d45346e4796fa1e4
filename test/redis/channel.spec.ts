import { performance } from 'node:perf_hooks';

import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { closingAfterEach } from '../support/closing.js';
import { startCluster } from '../support/redis-cluster.js';
import { startSentinelSetup } from '../support/redis-sentinel.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let server: RedisServer;
let proxy: TcpProxy;

beforeEach(async () => {
  server = await ownRedisServer();
  proxy = await startTcpProxy({ to: server.url });
});
afterEach(async () => {
  await proxy.close();
  await server.stop();
});

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: proxy.url, ...options }));
}

async function armed(cache: RedisCache, deadlineMs = 5000): Promise<void> {
  await until(
    async () => (await cache.health()).tiers.l2?.coherence === 'armed',
    'the invalidation channel',
    deadlineMs,
  );
}

describe('guarantee 5: the invalidation channel', () => {
  it.each(['tracking', 'pubsub'] as const)(
    'is tried again when a new connection for it gets no answer (%s)',
    async (coherence) => {
      const cache = redis({ coherence });
      await cache.connect();
      await armed(cache);
      const [data, subscriber] = proxy.connections;

      proxy.hang('replies');
      data?.resume();
      subscriber?.reset();
      await until(
        () => proxy.connections.some((each) => each !== data && each !== subscriber),
        'another try',
      );
      const stuck = proxy.connections.filter((each) => each !== data);
      proxy.resume();
      for (const each of stuck) each.hang('replies');

      await armed(cache, 10_000);
    },
    20_000,
  );

  it('comes up where every answer takes 150 ms, within commandTimeout', async () => {
    proxy.delay('150ms');
    const cache = redis();
    await cache.connect();
    await armed(cache, 8000);
  }, 15_000);

  it('a silent one is noticed within 5 s, however long commands may take', async () => {
    const cache = redis({ commandTimeout: '30s' });
    await cache.connect();
    await armed(cache);
    let lost = false;
    cache.on('coherenceLost', () => {
      lost = true;
    });
    proxy.connections.find(({ isSubscriber }) => isSubscriber)?.hang('replies');
    await until(() => lost, 'the silence to be noticed', 5500);
  }, 15_000);
});

describe('guarantee 5: a flush by somebody else', () => {
  it('what was being written then reaches Redis all the same', async () => {
    const cache = redis();
    const admin = new Redis(server.url);
    try {
      await cache.set('key', 'first');
      await armed(cache);
      // What is sent is held on its way; what Redis tells comes through.
      proxy.hang('requests');
      const told = new Promise((resolve) => cache.on('degraded', resolve));
      const set = cache.set('key', 'second');
      await admin.flushall();
      await set;
      proxy.reset();
      proxy.resume();
      await told;
      await until(async () => (await admin.exists('cache::key')) === 1, 'the set', 10_000);
      const other = closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }));
      expect(await other.get('key')).toBe('second');
    } finally {
      admin.disconnect();
    }
  }, 20_000);
});

describe('guarantee 3: a Redis that hangs', () => {
  it('getMany waits for it once, also when tags have to be asked about first', async () => {
    const cache = redis({ commandTimeout: '1s' });
    await cache.set('key', 1, { tags: ['tag'] });
    await armed(cache);
    const other = closing(new RedisCache({ redisUrl: server.url }));
    await other.invalidateTags('another');
    await until(async () => (await other.get('key')) === 1, 'the other instance');
    proxy.hang('replies');
    const begun = performance.now();
    await cache.getMany(['key', 'missing']);
    expect(performance.now() - begun).toBeLessThan(1600);
  });
});

describe('guarantee 3: Sentinels', () => {
  it('one that accepts connections and says nothing does not keep the others from being asked', async () => {
    await using setup = await startSentinelSetup();
    await server.pause();
    try {
      const sentinels = [{ host: server.host, port: server.port }, ...setup.sentinels];
      const cache = closing(new RedisCache({ redis: { sentinels, sentinelName: setup.name } }));
      await cache.connect().catch(() => undefined);
      await until(async () => (await cache.health()).status === 'up', 'Redis to be found', 12_000);
    } finally {
      await server.resume();
    }
  }, 60_000);
});

describe('guarantee 5: a Cluster that loses a master', () => {
  it('is told of in a few lines, not in one for each attempt to reach it', async () => {
    await using cluster = await startCluster();
    await cluster.healthy();
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), log: (line: string) => lines.push(line) };
    const cache = closing(
      new RedisCache({ redis: { nodes: cluster.nodes }, logger, advanced: { adviser: false } }),
    );
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    await cache.setMany(keys.map((key) => [key, 1]));
    await armed(cache);

    const [master] = await cluster.masters();
    master?.kill();
    await Promise.all(keys.map((key) => cache.delete(key)));
    const calls = setInterval(() => void cache.getMany(keys), 20);
    try {
      await until(() => lines.some((line) => line.endsWith('available again')), 'the failover', 30_000);
    } finally {
      clearInterval(calls);
    }
    await armed(cache, 10_000);

    expect(lines.length).toBeLessThan(12);
  }, 90_000);
});

describe('guarantee 1: Redis does not answer, and still tells of changes', () => {
  it('a load that Redis does not know of is superseded by what another instance sets meanwhile', async () => {
    const other = closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s' }));
    const cache = redis();
    await cache.connect();
    await armed(cache);
    // From this read on Redis tells of the key.
    await cache.get('key');
    let open = false;
    cache.on('breakerOpen', () => {
      open = true;
    });
    await cache.set('told later', 1);
    proxy.hang('replies');
    for (const each of proxy.connections) if (each.isSubscriber) each.resume();

    const load = cache.getOrSet('key', async () => {
      for (let i = 0; !open; i++) await cache.get(`other:${i}`);
      return 'from before';
    });
    await other.set('key', 'newer');
    await other.delete('told later');
    await until(() => cache.stats().size === 0, 'the changes to be heard of');
    expect(await load).toBe('from before');
    expect(cache.stats().size).toBe(0);
  });
});
