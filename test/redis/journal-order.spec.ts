import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { snapshot } from '../../libs/cache-infra/src/values/snapshot.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { closingAfterEach } from '../support/closing.js';
import { deferred } from '../support/deferred.js';
import { ownRedisServer } from '../support/redis.js';
import { elapse } from '../support/time.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let server: RedisServer;
let raw: Redis;

beforeEach(async () => {
  server = await ownRedisServer();
  raw = new Redis(server.url);
});
afterEach(async () => {
  raw.disconnect();
  await server.stop();
});

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: server.url, ...options }));
}

/** Redis hangs, and the breaker of `cache` is open: what is done meanwhile is done within a millisecond or two. */
async function whileHung(cache: RedisCache, work: () => Promise<void>): Promise<void> {
  let open = false;
  cache.on('breakerOpen', () => {
    open = true;
  });
  await server.pause();
  try {
    for (let i = 0; !open && i < 20; i++) await cache.get(`nothing:${i}`);
    await work();
  } finally {
    await server.resume();
  }
}

/** However long it takes, all is done in one millisecond. */
function stopped(): { now: () => number } {
  const now = Date.now();
  return { now: () => now };
}

const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
const all = (value: string): [string, string][] => keys.map((key) => [key, value]);

describe('guarantee 4: what was done last during an outage counts', () => {
  it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['clear', (cache) => cache.clear()],
    ['invalidatePattern', (cache) => cache.invalidatePattern('key:*')],
    ['deleteMany', (cache) => cache.deleteMany(keys)],
  ])('%s, and sets in the same millisecond: the sets reach Redis', async (_, remove) => {
    const cache = redis({ advanced: { clock: stopped() } });
    await cache.setMany(all('old'));

    await whileHung(cache, async () => {
      await remove(cache);
      await cache.setMany(all('new'));
    });
    await until(() => cache.stats().journal.size === 0, 'the journal to be empty', 15_000);

    const seen = await redis({ enableL1Cache: false, commandTimeout: '5s' }).getMany(keys);
    expect([...seen]).toEqual(all('new'));
  });

  it('a clear, and sets in the same millisecond: they can be read during the outage, without an L1 too', async () => {
    const cache = redis({ enableL1Cache: false, advanced: { clock: stopped() } });
    await cache.setMany(all('old'));

    await whileHung(cache, async () => {
      await cache.clear();
      await cache.setMany(all('new'));
      expect([...(await cache.getMany(keys))]).toEqual(all('new'));
    });
  });
});

describe('guarantee 4: the bounds of the journal', () => {
  it('a value larger than all of it does not throw out the deletes: they are effective after the outage', async () => {
    const cache = redis({ advanced: { journalMaxBytes: 100_000 }, enableCompression: false });
    await cache.setMany(all('old'));
    await cache.set('large', 'old');

    await whileHung(cache, async () => {
      await cache.deleteMany(keys);
      await cache.set('large', 'x'.repeat(200_000));
    });
    await until(() => cache.stats().journal.size === 0, 'the journal to be empty', 15_000);

    const other = redis({ enableL1Cache: false, commandTimeout: '5s' });
    expect((await other.getMany(keys)).size).toBe(0);
    expect(await other.get('large')).not.toBe('old');
  });

  it('thousands of patterns are not a scan of the whole server each', async () => {
    const cache = redis({ enableL1Cache: false });
    await cache.set('user:7:name', 'old');

    await whileHung(cache, async () => {
      for (let i = 0; i < 2000; i++) await cache.invalidatePattern(`user:${i}:*`);
      expect(await cache.get('user:7:name')).toBeUndefined();
    });
    await until(() => cache.stats().journal.size === 0, 'the journal to be empty', 15_000);

    expect(await raw.exists('cache::user:7:name')).toBe(0);
    const calls = Number(/cmdstat_scan:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    expect(calls).toBeLessThan(200);
  });
});

describe('guarantee 4: a change that was replayed', () => {
  it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('key')],
    ['clear', (cache) => cache.clear()],
    ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
  ])('%s: wins over a load that is under way elsewhere', async (_, remove) => {
    await using proxy = await startTcpProxy({ to: server.url });
    const cut = redis({ redisUrl: proxy.url });
    const loading = redis({ commandTimeout: '5s' });
    await cut.connect();
    let [away, back] = [false, false];
    cut.on('degraded', () => (away = true));
    cut.on('recovered', () => (back = true));
    const [begun, loaded] = [deferred(), deferred<string>()];
    const load = loading.getOrSet('key', () => {
      begun.resolve();
      return loaded.promise;
    });
    await begun.promise;

    proxy.cut();
    await until(() => away, 'Redis to be gone');
    await remove(cut);
    proxy.resume();
    await until(() => back, 'the recovery', 10_000);
    expect(cut.stats().journal.size).toBe(0);
    loaded.resolve('from before');
    await load;

    expect(await redis({ commandTimeout: '5s' }).get('key')).toBeUndefined();
    expect(await loading.get('key')).toBeUndefined();
  });
});

describe('guarantee 4: what another instance cleared meanwhile', () => {
  /** `cut` sets a key that it cannot reach Redis for, then `elsewhere` happens, and then `cut` reaches Redis again. */
  async function setDuring(elsewhere: () => Promise<unknown>): Promise<unknown> {
    await using proxy = await startTcpProxy({ to: server.url });
    const cut = redis({ redisUrl: proxy.url });
    await redis({ commandTimeout: '5s' }).set('key', 'old');
    await cut.connect();
    await leave(cut, proxy);
    await cut.set('key', 'new');
    await elsewhere();
    await back(cut, proxy);
    expect(cut.stats().journal.size).toBe(0);
    return await redis({ enableL1Cache: false, commandTimeout: '5s' }).get('key');
  }

  async function leave(cache: RedisCache, proxy: TcpProxy): Promise<void> {
    const gone = new Promise((resolve) => cache.on('degraded', resolve));
    proxy.cut();
    await gone;
  }

  async function back(cache: RedisCache, proxy: TcpProxy): Promise<void> {
    const recovered = new Promise((resolve) => cache.on('recovered', resolve));
    proxy.resume();
    await recovered;
  }

  it('several patterns that were replayed cover what they match, and nothing else', async () => {
    await using proxy = await startTcpProxy({ to: server.url });
    const clearing = redis({ redisUrl: proxy.url });
    await clearing.connect();
    await leave(clearing, proxy);
    await clearing.invalidatePattern('user:*');
    await clearing.invalidatePattern('order:*');

    expect(await setDuring(() => back(clearing, proxy))).toBe('new');
  });

  it('a pattern that was replayed late does not cover what was set after it', async () => {
    await using proxy = await startTcpProxy({ to: server.url });
    const clearing = redis({ redisUrl: proxy.url });
    await clearing.connect();
    await leave(clearing, proxy);
    await clearing.invalidatePattern('key*');
    // Longer ago than two clocks may be apart.
    await elapse(100);

    expect(await setDuring(() => back(clearing, proxy))).toBe('new');
  });

  it('more patterns than are remembered: a value from before them all is not left', async () => {
    const other = redis({ commandTimeout: '5s' });
    const value = await setDuring(async () => {
      for (let i = 0; i <= 1000; i++) await other.invalidatePattern(`user:${i}`);
    });
    expect(value).not.toBe('old');
  });
});

describe('guarantee 4: an entry with a short life', () => {
  it('leaves a trace for loads that counts as no delete: a newer set is replayed after it', async () => {
    const cache = redis();
    await cache.connect();
    const { l2, keyPrefix } = engineOf(cache);
    if (l2 === undefined) throw new Error('a RedisCache has an L2');
    const redisKey = `${keyPrefix}::key`;
    const now = l2.clock.stamp();
    const bytes = async (value: string, stamp: number, ttlMs: number): Promise<Buffer> =>
      l2.codec.encode(
        snapshot(value),
        { stamp, nonce: 1, ttlMs, graceMs: 0, tagEpoch: 0, tags: undefined },
        redisKey,
      );
    // It was made before the set, and reached Redis after it.
    const earlier = { redisKey, guard: `${keyPrefix}:guard`, bytes: await bytes('earlier', now - 50, 5000) };
    await new Promise<boolean>((written, refused) => {
      l2.write({ ...earlier, ttlMs: 5000, superseded: false, written, refused });
    });
    const set = { bytes: await bytes('newer', now - 20, 60_000), ttlMs: 60_000 };
    expect(await l2.lateChanges.replay({ redisKey, stamp: now - 20, set, leavesTombstone: true })).toBe(true);
    expect(await redis().get('key')).toBe('newer');
  });

  it('keeps the moment of a delete: an older set is not replayed after it', async () => {
    const cache = redis();
    await cache.connect();
    const { l2, keyPrefix } = engineOf(cache);
    if (l2 === undefined) throw new Error('a RedisCache has an L2');
    const redisKey = `${keyPrefix}::key`;
    const before = l2.clock.stamp() - 1000;
    await cache.delete('key');
    await cache.set('key', 'short', '20ms');
    await until(async () => (await raw.exists(redisKey)) === 0, 'its end');
    const meta = { stamp: before, nonce: 1, ttlMs: 60_000, graceMs: 0, tagEpoch: 0, tags: undefined };
    const set = { bytes: await l2.codec.encode(snapshot('older'), meta, redisKey), ttlMs: 60_000 };
    expect(await l2.lateChanges.replay({ redisKey, stamp: before, set, leavesTombstone: true })).toBe(false);
  });
});
