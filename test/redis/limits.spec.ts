import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();

/** With the default limits: the point is that a busy machine does not use them up. */
function impatient(options: Partial<RedisCacheOptions> = {}): RedisCache {
  const redis = options.redis === undefined ? { redisUrl: own.server.url } : {};
  return own.closing(new RedisCache({ keyPrefix: own.keyPrefix, ...redis, ...options }));
}

/** Events of trouble, counted. */
function troubles(cache: RedisCache): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const event of ['error', 'breakerOpen', 'degraded', 'journalOverflow'] as const)
    cache.on(event, () => (seen[event] = (seen[event] ?? 0) + 1));
  return seen;
}

/** Nothing else happens in this process meanwhile. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function pairs<T>(count: number, value: (i: number) => T): [string, T][] {
  return Array.from({ length: count }, (_, i) => [`k${i}`, value(i)]);
}

/** Has the event loop blocked for `ms` at a time, again and again, until the function that comes back is called. */
function keepBusy(ms: number): () => void {
  const timer = setInterval(() => {
    block(ms);
  }, 1);
  return () => {
    clearInterval(timer);
  };
}

describe('guarantee 3: calls of any number', () => {
  it.each([
    ['with an L1', {}],
    ['without an L1', { enableL1Cache: false }],
    ['in broadcast mode', { coherence: 'broadcast' }],
  ] as const)(
    'T14: a setMany of 20,000 leaves the breaker closed, and all is stored (%s)',
    async (_, options) => {
      const cache = impatient(options);
      await cache.connect();
      const seen = troubles(cache);
      const text = 'x'.repeat(1000);

      await cache.setMany(pairs(20_000, (id) => ({ id, text })));

      expect(seen).toEqual({});
      const keys = pairs(20_000, () => 0).map(([key]) => key);
      expect((await cache.getMany(keys)).size).toBe(20_000);
      expect(await cache.deleteMany(keys)).toBe(20_000);
      expect(seen).toEqual({});
    },
    120_000,
  );

  it('T14: a setMany of large values does', async () => {
    const cache = impatient({ enableCompression: false });
    await cache.connect();
    const seen = troubles(cache);

    await cache.setMany(pairs(60, (i) => String(i).repeat(1_000_000)));

    expect(seen).toEqual({});
    expect((await cache.getMany(pairs(60, () => 0).map(([key]) => key))).size).toBe(60);
  }, 60_000);

  it('T14: thousands of sets, loads, reads and deletes in one turn do', async () => {
    const cache = impatient({ enableL1Cache: false });
    await cache.connect();
    const seen = troubles(cache);
    const keys = pairs(5000, () => 0).map(([key]) => key);

    await Promise.all(keys.map((key) => cache.set(key, 'set')));
    await Promise.all(keys.map((key) => cache.getOrSet(`load:${key}`, () => 'loaded')));
    const read = await Promise.all(keys.map((key) => cache.get(key)));
    const deleted = await Promise.all(keys.map((key) => cache.delete(key)));

    expect(seen).toEqual({});
    expect(read.filter((value) => value === 'set')).toHaveLength(5000);
    expect(deleted.filter(Boolean)).toHaveLength(5000);
  }, 120_000);

  it('T14: tags beyond number are invalidated in one call', async () => {
    const cache = impatient();
    await cache.connect();
    await cache.set('key', 1, { tags: ['t29999'] });

    await cache.invalidateTags(...Array.from({ length: 30_000 }, (_, i) => `t${i}`));

    expect(await cache.get('key')).toBeUndefined();
  }, 60_000);
});

describe('guarantee 3: a busy event loop', () => {
  it('T14: is no failure of Redis', async () => {
    const cache = impatient({ enableL1Cache: false });
    await cache.connect();
    const seen = troubles(cache);
    await cache.set('key', 1);
    const rest = keepBusy(300);

    for (let i = 0; i < 5; i++) expect(await cache.get('key')).toBe(1);
    rest();

    expect(seen).toEqual({});
  });

  it('T16: first calls wait for the connection, and load nothing that Redis has', async () => {
    const filler = await own.redis();
    await filler.setMany(pairs(100, (i) => i));
    const cache = impatient({ lock: true });
    const seen = troubles(cache);
    let loads = 0;

    const calls = pairs(100, (i) => i).map(([key]) => cache.getOrSet(key, () => ++loads));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    block(400);
    await Promise.all(calls);

    expect(loads).toBe(0);
    expect(seen).toEqual({});
  });

  it('T16: is no failure to connect either', async () => {
    const cache = impatient({ connectTimeout: '500ms' });
    const rest = keepBusy(200);
    await expect(cache.connect()).resolves.toBeUndefined();
    rest();
  });

  it('T17: a first look at the clock through it does not make every later set too late', async () => {
    const cache = impatient({ onError: 'throw' });
    const rest = keepBusy(600);
    await cache.connect();
    rest();

    for (let i = 0; i < 5; i++) await cache.set(`k${i}`, i);

    expect(await (await own.redis()).get('k4')).toBe(4);
  }, 20_000);
});

describe('clocks', () => {
  it('T17: a clock that is set back while the cache is in use costs no set', async () => {
    let shift = 0;
    const cache = await own.redis({ advanced: { clock: { now: () => Date.now() + shift } } });
    const other = await own.redis();
    await cache.set('k', 'first');

    shift = -5000;
    await cache.set('k', 'second');

    expect(await other.get('k')).toBe('second');
    expect(cache.stats().journal.recorded).toBe(0);
  });

  it('T21: without TIME sets go to Redis all the same, and the server is asked for it once', async () => {
    await own.raw.call('ACL', 'SETUSER', 'timeless', 'on', '>pw', '~*', '&*', '+@all', '-time');
    const redis = { host: '127.0.0.1', port: own.server.port, username: 'timeless', password: 'pw' };
    const cache = own.closing(new RedisCache({ keyPrefix: own.keyPrefix, redis }));
    await cache.connect();

    for (let i = 0; i < 5; i++) await cache.set(`k${i}`, i);

    expect(cache.stats().journal.recorded).toBe(0);
    expect(await (await own.redis()).get('k4')).toBe(4);
    expect(await cache.get('k4')).toBe(4);
    expect(await own.raw.info('commandstats')).toMatch(/cmdstat_time:.*rejected_calls=1,/);
  });

  it('T43: a client with stringNumbers tells the truth', async () => {
    const redis = new Redis(own.server.url, { stringNumbers: true });
    own.closing({ close: () => redis.disconnect() });
    let shift = 0;
    const cache = impatient({
      redis,
      advanced: { clock: { now: () => Date.now() + shift } },
      onError: 'throw',
    });
    const other = await own.redis();
    await other.setMany([
      ['a', 1],
      ['p:1', 1],
      ['p:2', 1],
    ]);

    expect(await cache.delete('a')).toBe(true);
    expect(await cache.invalidatePattern('p:*')).toBe(2);
    expect(await cache.getOrSet('loaded', () => 'value', { lock: true })).toBe('value');
    expect(await other.get('loaded')).toBe('value');
    await cache.set('k', 'first');
    shift = -5000;
    await cache.set('k', 'second');
    expect(await other.get('k')).toBe('second');
  });
});

describe('guarantee 3: slow and silent servers', () => {
  it('guarantee 3: on a server that hangs, what is out and what waits both end within commandTimeout', async () => {
    const advanced = { breakerThreshold: 100_000 };
    const cache = impatient({ enableL1Cache: false, commandTimeout: '1s', advanced });
    await cache.connect();
    await own.server.pause();
    const start = performance.now();

    const deletes = await Promise.all(pairs(5000, () => 0).map(([key]) => cache.delete(key)));

    expect(deletes).toHaveLength(5000);
    // 1 s, and what 10,000 commands take on a busy machine; not 1 s for each 256 of them, which is 40 s.
    expect(performance.now() - start).toBeLessThan(30_000);
  }, 60_000);

  it('guarantee 3: when the breaker opens, what waits ends at once', async () => {
    const cache = impatient({ enableL1Cache: false });
    await cache.connect();
    let isOpen = false;
    cache.on('breakerOpen', () => (isOpen = true));
    await own.server.pause();

    const big = Array.from({ length: 20 }, (_, i) => cache.set(`big${i}`, 'x'.repeat(2_000_000)));
    const reads = pairs(1000, () => 0).map(([key]) => cache.get(key));
    await Promise.all([...big, ...reads]);
    await until(() => isOpen, 'the breaker');
    await own.server.resume();

    await until(() => cache.stats().journal.size === 0, 'the journal to be replayed', 15_000);
    expect((await cache.get<string>('big19'))?.length).toBe(2_000_000);
  }, 40_000);
});

describe('guarantee 15: a server that turns read-only', () => {
  it('T32: reads go on', async () => {
    const [cache, other] = [impatient({ coherence: 'none' }), await own.redis()];
    await other.setMany(pairs(30, (i) => i));
    await cache.set('own', 1);
    await own.raw.call('REPLICAOF', '127.0.0.1', '1');
    await own.raw.call('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
    await cache.set('own', 2);

    let hits = 0;
    for (const [key] of pairs(30, () => 0)) if ((await cache.get(key)) !== undefined) hits++;
    const inFlight = await Promise.all(
      pairs(30, () => 0).map(([key]) => cache.get(`${key}x`).then(() => cache.get(key))),
    );
    await own.raw.call('REPLICAOF', 'NO', 'ONE');

    expect(hits).toBe(30);
    expect(inFlight).toEqual(pairs(30, (i) => i).map(([, i]) => i));
    await until(async () => (await other.get('own')) === 2, 'the write to be made up for', 15_000);
  }, 30_000);
});
