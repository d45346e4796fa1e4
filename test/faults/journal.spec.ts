import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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

/** An instance whose way to Redis can be cut. */
function cut(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: proxy.url, ...options }));
}

/** An instance that always reaches Redis. */
function connected(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: server.url, commandTimeout: '5s', ...options }));
}

async function during(outage: () => Promise<void>, ...caches: Cache[]): Promise<void> {
  let away = 0;
  let back = 0;
  for (const cache of caches) {
    cache.on('degraded', () => away++);
    cache.on('recovered', () => back++);
  }
  proxy.cut();
  await until(() => away === caches.length, 'Redis to be gone');
  await outage();
  proxy.resume();
  await until(() => back === caches.length, 'the recovery', 20_000);
}

const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `key:${i}`);

/** Bytes, of what is still referred to. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function* inBatches(all: readonly string[]): Generator<string[]> {
  for (let from = 0; from < all.length; from += 500) yield all.slice(from, from + 500);
}

describe('guarantee 4: the recovery journal', () => {
  it('1,000 deletes during an outage are all effective after it', async () => {
    const cache = cut();
    const other = connected({ l1CacheSize: 2000 });
    const all = keys(1000);
    await other.setMany(all.map((key) => [key, 'old']));
    await cache.connect();

    await during(async () => {
      await Promise.all(all.map((key) => cache.delete(key)));
      expect((await other.getMany(all)).size).toBe(1000);
    }, cache);

    const left = async (): Promise<number> => (await other.getMany(all)).size;
    await until(async () => (await left()) === 0, 'the L1 of the other instance to hear of it');
    expect((await connected({ enableL1Cache: false }).getMany(all)).size).toBe(0);
    expect((await cache.getMany(all)).size).toBe(0);
  }, 30_000);

  it('100,000 pending keys stay within the bound of entries', async () => {
    const cache = cut({ advanced: { journalMaxEntries: 10_000 }, l1CacheSize: 10 });
    await cache.connect();
    const overflows: string[] = [];
    cache.on('journalOverflow', ({ dropped }) => overflows.push(dropped));
    await connected({ commandTimeout: '5s' }).set('key:0', 'old');

    await during(async () => {
      for (const some of inBatches(keys(100_000))) await cache.deleteMany(some);
      const { size, bytes, dropped } = cache.stats().journal;
      expect(dropped).toBe(0);
      expect(size).toBeLessThanOrEqual(10_000);
      expect(overflows).toEqual([expect.stringMatching(/^nothing: every key/)]);
      expect(bytes).toBeLessThan(32 * 1024 * 1024);
    }, cache);

    await until(() => cache.stats().journal.size === 0, 'the journal to be empty');
    expect(await connected({ commandTimeout: '5s' }).get('key:0')).toBeUndefined();
  }, 60_000);

  it('100,000 pending values stay within the bound of bytes, and in memory', async () => {
    const limit = 8 * 1024 * 1024;
    const cache = cut({ advanced: { journalMaxBytes: limit }, l1CacheSize: 10, enableCompression: false });
    await cache.connect();
    const value = 'x'.repeat(1000);
    await during(async () => {
      const before = memoryInUse();
      for (const some of inBatches(keys(100_000))) await cache.setMany(some.map((key) => [key, value]));
      const { size, bytes } = cache.stats().journal;
      expect(bytes).toBeLessThanOrEqual(limit);
      expect(size).toBeGreaterThan(1000);
      // All 100,000 values would be more than 100 MB. Buffers are released some turns after a collection.
      await until(() => memoryInUse() - before < 3 * limit, 'the dropped values to leave memory', 10_000);
    }, cache);
  }, 60_000);

  it('a value that another instance set meanwhile survives an older one from the journal', async () => {
    const cache = cut();
    const other = connected();
    await cache.set('key', 'before');

    await during(async () => {
      await cache.set('key', 'older');
      await cache.delete('deleted');
      // Redis's clock tells milliseconds apart.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await other.set('key', 'newer');
      await other.set('deleted', 'set after that');
    }, cache);

    const direct = connected({ enableL1Cache: false });
    for (const each of [direct, other, cache]) {
      await until(async () => (await each.get('key')) === 'newer', 'the newer value');
      await until(
        async () => (await each.get('deleted')) === 'set after that',
        'what was set after the delete',
      );
    }
  }, 30_000);

  it('the newest of the changes of several instances in an outage wins', async () => {
    const first = cut();
    const second = cut();
    await first.set('key', 'before');
    await second.get('key');

    await during(
      async () => {
        await first.set('key', 'first');
        await new Promise((resolve) => setTimeout(resolve, 20));
        await second.set('key', 'second');
      },
      first,
      second,
    );

    for (const each of [connected({ enableL1Cache: false }), first, second])
      await until(async () => (await each.get('key')) === 'second', 'the newest value');
  }, 30_000);

  it('Redis is not trusted for a key whose delete has not reached it', async () => {
    const cache = cut();
    await connected().set('key', 'old');
    await cache.connect();
    const seen: unknown[] = [];

    await during(async () => {
      await cache.delete('key');
      proxy.resume();
      // From the first moment of the connection on.
      const end = performance.now() + 500;
      while (performance.now() < end) {
        seen.push(await cache.get('key'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }, cache);

    expect(new Set(seen)).toEqual(new Set([undefined]));
  }, 30_000);
});
