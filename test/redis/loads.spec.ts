import { Redis } from 'ioredis';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import type { Coherence, LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { deferred, turn, type Deferred } from '../support/deferred.js';
import { startLoadingProcess } from '../support/loading-process.js';
import { loadingWith, race, raceKinds } from '../support/race.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

/** Of each kind; `benchmarks/invalidation-race.mjs` runs 10,000. */
const rounds = Number(process.env['ROUNDS'] ?? 300);
const raceTimeoutMs = 20_000 + rounds * 20;

const own = cachesOnOwnRedis();
const { redis, closing } = own;

/** A loader that is held open. */
class HeldLoader {
  runs = 0;
  signal: AbortSignal | undefined;
  stale: unknown;
  readonly #ends: Deferred<unknown>[] = [];
  readonly #started = deferred();

  readonly load = ({ signal, stale }: LoadContext): Promise<unknown> => {
    this.runs++;
    this.signal = signal;
    this.stale = stale;
    const end = deferred<unknown>();
    this.#ends.push(end);
    this.#started.resolve();
    return end.promise;
  };

  get started(): Promise<void> {
    return this.#started.promise;
  }

  succeed(value: unknown): void {
    for (const end of this.#ends.splice(0)) end.resolve(value);
  }

  fail(error = new Error('the origin is down')): void {
    for (const end of this.#ends.splice(0)) end.reject(error);
  }
}

const coherences: Coherence[] = ['tracking', 'broadcast', 'pubsub', 'none'];
/** Keys that Redis Cluster would look into. */
const trickyKeys = ['a{b}c', 'x}', '{}y', '{', '}{', '{{b}}', `${'long '.repeat(300)}}`];

const invalidations: [what: string, invalidate: (cache: Cache, key: string) => Promise<unknown>][] = [
  ['delete', (cache, key) => cache.delete(key)],
  ['deleteMany', (cache, key) => cache.deleteMany(['other', key])],
  ['invalidateTags', (cache) => cache.invalidateTags('tag')],
  ['invalidatePattern', (cache) => cache.invalidatePattern('*')],
  ['clear', (cache) => cache.clear()],
  ['a newer set', (cache, key) => cache.set(key, 'newer')],
];

describe('guarantee 1: an invalidation by another instance while a loader runs', () => {
  describe.each(invalidations)('%s', (what, invalidate) => {
    const after = what === 'a newer set' ? 'newer' : undefined;
    const check = async (key: string, options: Partial<RedisCacheOptions>, load: object): Promise<void> => {
      const [cache, other] = [await redis(options), await redis(options)];
      const loader = new HeldLoader();
      const loaded = cache.getOrSet(key, loader.load, { tags: ['tag'], ...load });
      await loader.started;
      await invalidate(other, key);
      loader.succeed('from before');
      await expect(loaded).resolves.toBe('from before');
      expect(await (await redis({ enableL1Cache: false })).get(key)).toBe(after);
      expect(await other.get(key)).toBe(after);
      await until(async () => (await cache.get(key)) === after, 'the L1 of the instance that loaded');
    };

    it.each(coherences)('the caller gets its value, no tier does; coherence %s', async (coherence) => {
      await check('key', { coherence }, {});
    });

    it('also of a load with a lease', async () => {
      await check('key', {}, { lock: true });
    });

    it('also of a forced load over a value that is there', async () => {
      await (await redis()).set('key', 'old', { tags: ['tag'] });
      await check('key', {}, { forceRefresh: true });
    });

    it.each(trickyKeys)('of the key %p', async (key) => {
      await check(key, {}, {});
    });

    it('whoever comes after it, to the instance that loads, gets no value from before', async () => {
      const [cache, other] = [await redis(), await redis()];
      const [first, second] = [new HeldLoader(), new HeldLoader()];
      const before = cache.getOrSet('key', first.load, { tags: ['tag'] });
      await first.started;
      await invalidate(other, 'key');
      // The channel brings the news a moment later.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const next = cache.getOrSet('key', second.load, { tags: ['tag'] });
      await turn();
      setTimeout(() => {
        first.succeed('from before');
        second.succeed('from after');
      }, 50);
      await expect(before).resolves.toBe('from before');
      expect(await next).not.toBe('from before');
    });
  });

  it('a load that ended before the invalidation is stored, and one that began after it', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.getOrSet('key', () => 1);
    await other.delete('key');
    await until(async () => (await cache.get('key')) === undefined, 'the news');
    await cache.getOrSet('key', () => 2);
    expect(await other.get('key')).toBe(2);
  });

  it('two instances that load at once: both callers are served, one value stays', async () => {
    const [cache, other] = [await redis(), await redis()];
    const [slow, fast] = [new HeldLoader(), new HeldLoader()];
    const slowCaller = cache.getOrSet('key', slow.load);
    await slow.started;
    const fastCaller = other.getOrSet('key', fast.load);
    await fast.started;
    fast.succeed('newer');
    await expect(fastCaller).resolves.toBe('newer');
    slow.succeed('older');
    await expect(slowCaller).resolves.toBe('older');
    expect(await (await redis()).get('key')).toBe('newer');
    await until(async () => (await cache.get('key')) === 'newer', 'the news');
  });

  it('a load that takes longer than Redis remembers it unasked is still protected', async () => {
    const [cache, other] = [await redis({ leaseDuration: '300ms' }), await redis()];
    const loader = new HeldLoader();
    const loaded = cache.getOrSet('key', loader.load);
    await loader.started;
    const [fence = ''] = await own.raw.keys(`${own.keyPrefix}:!f:*`);
    await own.raw.pexpire(fence, 200);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await other.delete('key');
    loader.succeed('from before');
    await loaded;
    expect(await other.get('key')).toBeUndefined();
  });

  it('what protects loads leaves Redis by itself', async () => {
    const cache = await redis();
    await cache.getOrSet('key', () => 1);
    const [fence = ''] = await own.raw.keys(`${own.keyPrefix}:!f:*`);
    expect(await own.raw.pttl(fence)).toBeGreaterThan(0);
    expect(await own.raw.pttl(fence)).toBeLessThanOrEqual(30_000);
  });
});

describe('issue: shown by 1: the invalidation race', () => {
  describe.each(raceKinds)('%s', (kind) => {
    it(
      'in memory',
      async () => {
        const cache = closing(new InMemoryCache({ maxSize: 1000 }));
        const report = await race({ kind, rounds, loader: loadingWith(cache), invalidator: cache });
        expect(report).toMatchObject({ rounds, stale: [] });
        expect(report.overlapping).toBeGreaterThan(rounds / 10);
      },
      raceTimeoutMs,
    );

    it(
      'in one process, with Redis',
      async () => {
        const [cache, reader] = [await redis({ l1CacheSize: 1000 }), await redis({ enableL1Cache: false })];
        const loader = loadingWith(cache);
        const report = await race({ kind, rounds, loader, invalidator: cache, reader, locks: true });
        expect(report).toMatchObject({ rounds, stale: [] });
        expect(report.overlapping).toBeGreaterThan(rounds / 10);
      },
      raceTimeoutMs,
    );

    it(
      'across two processes',
      async () => {
        const [invalidator, reader] = [await redis(), await redis({ enableL1Cache: false })];
        const loader = closing(
          await startLoadingProcess({
            redisUrl: own.server.url,
            keyPrefix: own.keyPrefix,
            ...patient,
            l1CacheSize: 1000,
          }),
        );
        const report = await race({ kind, rounds, loader, invalidator, reader, locks: true });
        expect(report).toMatchObject({ rounds, stale: [] });
        expect(report.overlapping).toBeGreaterThan(rounds / 10);
      },
      raceTimeoutMs,
    );
  });
});

describe('guarantee 2: one load across instances', () => {
  it('4 processes, 250 concurrent callers each, one cold key: 1 loader run', async () => {
    const options = { redisUrl: own.server.url, keyPrefix: own.keyPrefix, ...patient };
    const processes = await Promise.all([1, 2, 3, 4].map(() => startLoadingProcess(options)));
    for (const each of processes) closing(each);
    const herd = { key: 'key', callers: 250, loadMs: 200, options: { lock: true } };
    const reports = await Promise.all(processes.map((each) => each.herd(herd)));
    expect(reports.map(({ runs }) => runs).reduce((a, b) => a + b)).toBe(1);
    expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(reports.flatMap(({ values }) => values)).size).toBe(1);
    // Woken, not left to wait for the end of the lease.
    expect(Math.max(...reports.map(({ longestMs }) => longestMs))).toBeLessThan(2000);
  }, 60_000);

  it('a leader killed in mid-load: one more run, and nobody waits longer than the lease + 1 s', async () => {
    const leaseMs = 2000;
    const options = {
      redisUrl: own.server.url,
      keyPrefix: own.keyPrefix,
      ...patient,
      leaseDuration: `${String(leaseMs)}ms`,
    };
    const [leader, ...others] = await Promise.all([1, 2, 3, 4].map(() => startLoadingProcess(options)));
    for (const each of others) closing(each);
    const herd = { key: 'key', callers: 250, options: { lock: true } };
    const loading = leader?.loading();
    leader?.herd({ ...herd, loadMs: Infinity }).catch(() => undefined);
    await loading;
    const waiting = Promise.all(others.map((each) => each.herd({ ...herd, loadMs: 50 })));
    await new Promise((resolve) => setTimeout(resolve, leaseMs / 2));
    const killedAt = performance.now();
    await leader?.kill();
    const reports = await waiting;
    expect(performance.now() - killedAt).toBeLessThan(leaseMs + 1000);
    expect(reports.map(({ runs }) => runs).reduce((a, b) => a + b)).toBe(1);
    expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
    expect(Math.max(...reports.map(({ longestMs }) => longestMs))).toBeLessThan(leaseMs * 1.5 + 1000);
  }, 60_000);

  it.each(coherences)('waiters are served soon after the load has ended; coherence %s', async (coherence) => {
    const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { lock: true });
    await loader.started;
    const waiting = other.getOrSet('key', () => 'loaded twice', { lock: true });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const start = performance.now();
    loader.succeed('value');
    expect(await Promise.all([first, waiting])).toEqual(['value', 'value']);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  const endings: [what: string, end: (loader: HeldLoader) => void][] = [
    ['fails', (loader) => loader.fail()],
    ['gives nothing', (loader) => loader.succeed(undefined)],
  ];
  describe.each(endings)('a load that %s', (_, end) => {
    it.each(coherences)('hands the lease to the next at once; coherence %s', async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      const loader = new HeldLoader();
      const first = cache.getOrSet('key', loader.load, { lock: true }).catch(() => 'failed');
      await loader.started;
      const waiting = other.getOrSet('key', () => 'second', { lock: true });
      await new Promise((resolve) => setTimeout(resolve, 150));
      const start = performance.now();
      end(loader);
      await first;
      await expect(waiting).resolves.toBe('second');
      expect(performance.now() - start).toBeLessThan(1000);
    });

    it('also between caches that share a client', async () => {
      const client = new Redis(own.server.url);
      const [cache, other] = [await redis({ redis: client }), await redis({ redis: client })];
      const loader = new HeldLoader();
      const first = cache.getOrSet('key', loader.load, { lock: true }).catch(() => 'failed');
      await loader.started;
      const waiting = other.getOrSet('key', () => 'second', { lock: true });
      await new Promise((resolve) => setTimeout(resolve, 150));
      const start = performance.now();
      end(loader);
      await first;
      await expect(waiting).resolves.toBe('second');
      expect(performance.now() - start).toBeLessThan(1000);
      client.disconnect();
    });
  });

  it('a lease is prolonged while its load runs', async () => {
    const leaseDuration = '300ms';
    const [cache, other] = [await redis({ leaseDuration }), await redis({ leaseDuration })];
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { lock: true });
    await loader.started;
    const waiting = other.getOrSet('key', () => 'loaded twice', { lock: true });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    loader.succeed('value');
    expect(await Promise.all([first, waiting])).toEqual(['value', 'value']);
  });

  it('a caller who leaves while the lease is asked for leaves no lease behind', async () => {
    const [cache, other] = [await redis(), await redis()];
    const controller = new AbortController();
    await own.server.pause();
    const left = cache.getOrSet('key', () => 1, { lock: true, signal: controller.signal });
    await turn();
    await own.server.resume();
    // Redis is asked for the value, then for the lease: the caller leaves in between, or after.
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('left'));
    await left.catch(() => undefined);
    const start = performance.now();
    await expect(other.getOrSet('key', () => 2, { lock: true })).resolves.toBeDefined();
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('a caller who leaves during the load gives the lease back', async () => {
    const [cache, other] = [await redis(), await redis()];
    const controller = new AbortController();
    const loader = new HeldLoader();
    const load = (ctx: LoadContext): Promise<unknown> => {
      ctx.signal.addEventListener('abort', () => loader.fail());
      return loader.load(ctx);
    };
    const left = cache.getOrSet('key', load, { lock: true, signal: controller.signal });
    await loader.started;
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    const start = performance.now();
    await expect(other.getOrSet('key', () => 2, { lock: true })).resolves.toBe(2);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('a caller who waits for a lease can leave', async () => {
    const [cache, other] = [await redis(), await redis()];
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { lock: true });
    await loader.started;
    const controller = new AbortController();
    const waiting = other.getOrSet('key', () => 2, { lock: true, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    loader.succeed(1);
    await first;
    expect(await other.get('key')).toBe(1);
  });

  it.each(trickyKeys)('of the key %p', async (key) => {
    const [cache, other] = [await redis(), await redis()];
    const loader = new HeldLoader();
    const first = cache.getOrSet(key, loader.load, { lock: true });
    await loader.started;
    const waiting = other.getOrSet(key, () => 'loaded twice', { lock: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    loader.succeed('value');
    expect(await Promise.all([first, waiting])).toEqual(['value', 'value']);
  });

  it('different keys have leases of their own', async () => {
    const [cache, other] = [await redis(), await redis()];
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { lock: true });
    await loader.started;
    await expect(other.getOrSet('another', () => 2, { lock: true })).resolves.toBe(2);
    loader.succeed(1);
    await first;
  });

  it("lock is the cache's own option, too", async () => {
    const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
    const loader = new HeldLoader();
    const callers = [cache.getOrSet('key', loader.load), other.getOrSet('key', loader.load)];
    await loader.started;
    await new Promise((resolve) => setTimeout(resolve, 50));
    loader.succeed('value');
    expect(await Promise.all(callers)).toEqual(['value', 'value']);
    expect(loader.runs).toBe(1);
  });

  it('forceRefresh with a lease runs the loader though another instance has just loaded', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old');
    await expect(other.getOrSet('key', () => 'new', { lock: true, forceRefresh: true })).resolves.toBe('new');
    await until(async () => (await cache.get('key')) === 'new', 'the news');
  });

  it('with Redis away loads go on, in the process', async () => {
    const own = await ownRedisServer();
    const cache = closing(new RedisCache({ redisUrl: own.url, commandTimeout: '100ms', lock: true }));
    await cache.get('nothing');
    let isAway = false;
    cache.on('degraded', () => (isAway = true));
    await own.stop();
    await until(() => isAway, 'Redis to be gone');
    const loader = new HeldLoader();
    const callers = Array.from({ length: 10 }, () => cache.getOrSet('key', loader.load));
    await loader.started;
    loader.succeed('value');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
    expect(loader.runs).toBe(1);
    expect(await cache.get('key')).toBe('value');
  });

  it('with a Redis that hangs while the lease is waited for, loads go on', async () => {
    const [cache, other] = [await redis(), await redis({ onError: 'degrade', commandTimeout: '100ms' })];
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { lock: true });
    await loader.started;
    const waiting = other.getOrSet('key', () => 'local', { lock: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await own.server.pause();
    await expect(waiting).resolves.toBe('local');
    await own.server.resume();
    loader.succeed('value');
    await first;
  }, 15_000);

  it('issue: shown by 2: 10,000 concurrent callers, one cold key, 1 loader run', async () => {
    const caches = [
      closing(new InMemoryCache()),
      await redis({ enableL1Cache: false }),
      await redis({ keyPrefix: `${own.keyPrefix}both` }),
    ];
    for (const cache of caches) {
      const loader = new HeldLoader();
      const callers = Array.from({ length: 10_000 }, () => cache.getOrSet('key', loader.load));
      await loader.started;
      loader.succeed('value');
      expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
      expect(loader.runs).toBe(1);
    }
  });

  it.each([true, false])(
    'issue: shown by 2: 20 staggered callers of a failing loader, never two at once (L1: %p)',
    async (enableL1Cache) => {
      const cache = await redis({ enableL1Cache });
      let [running, most] = [0, 0];
      const load = async (): Promise<never> => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running--;
        throw new Error('down');
      };
      const callers: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        callers.push(cache.getOrSet('key', load).catch((error: unknown) => error));
        await new Promise((resolve) => setTimeout(resolve, 7));
      }
      await Promise.all(callers);
      expect(most).toBe(1);
    },
  );
});

describe('grace with Redis', () => {
  const options = { ttl: '50ms', grace: 60 };
  const pastTtl = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 80));
  const down = (): never => {
    throw new Error('the origin is down');
  };

  it.each([true, false])(
    'issue: shown by 3: a failing origin, 0 errors, few tries (L1: %p)',
    async (enableL1Cache) => {
      const cache = await redis({ enableL1Cache, graceBackoff: '200ms' });
      await cache.set('key', 'old', options);
      await pastTtl();
      let tries = 0;
      for (let i = 0; i < 50; i++) {
        const load = (): never => {
          tries++;
          return down();
        };
        await expect(cache.getOrSet('key', load, options)).resolves.toBe('old');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      // After 0, 200 and 600 ms.
      expect(tries).toBeLessThanOrEqual(3);
    },
  );

  it('another instance, which never had the value, serves it', async () => {
    await (await redis()).set('key', { n: 1 }, options);
    await pastTtl();
    const other = await redis();
    expect(await other.get('key')).toBeUndefined();
    await expect(other.getOrSet('key', down, options)).resolves.toEqual({ n: 1 });
  });

  it.each(invalidations.slice(0, 5))('%s by another instance ends it', async (_, invalidate) => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', { ...options, tags: ['tag'] });
    await pastTtl();
    await expect(cache.getOrSet('key', down, options)).resolves.toBe('old');
    await invalidate(other, 'key');
    const served = async (): Promise<unknown> =>
      cache.getOrSet('key', down, options).catch((error: unknown) => (error as Error).message);
    await until(async () => (await served()) === 'the origin is down', 'the news');
    await expect((await redis()).getOrSet('key', down, options)).rejects.toThrow('the origin is down');
  });

  it('expire: the next caller loads, in any instance; the grace goes on', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', { ttl: 600, grace: 60 });
    expect(await other.get('key')).toBe('old');
    expect(await cache.expire('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    await until(async () => (await other.get('key')) === undefined, 'the news');
    expect(await (await redis()).get('key')).toBeUndefined();
    await expect((await redis()).getOrSet('key', down)).resolves.toBe('old');
    await expect(other.getOrSet('key', () => 'new')).resolves.toBe('new');
    await until(async () => (await cache.get('key')) === 'new', 'the news');
  });

  it('expire without a grace deletes', async () => {
    const cache = await redis();
    await cache.set('key', 'old', 600);
    expect(await cache.expire('key')).toBe(true);
    expect(await own.raw.keys(`${own.keyPrefix}::*`)).toEqual([]);
  });

  it('the value leaves Redis when its grace has passed', async () => {
    const cache = await redis();
    await cache.set('key', 'old', { ttl: 10, grace: 60 });
    const left = await own.raw.pttl(`${own.keyPrefix}::key`);
    expect(left).toBeGreaterThan(65_000);
    expect(left).toBeLessThanOrEqual(70_000);
  });

  it('softTimeout serves a value that only Redis has', async () => {
    await (await redis()).set('key', 'old', options);
    await pastTtl();
    const cache = await redis();
    const loader = new HeldLoader();
    await expect(cache.getOrSet('key', loader.load, { ...options, softTimeout: '50ms' })).resolves.toBe(
      'old',
    );
    expect(loader.stale).toBe('old');
    const stored = new Promise((resolve) => cache.on('set', resolve));
    loader.succeed('new');
    await stored;
  });

  it('softTimeout serves it while another instance has the lease, too', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', options);
    await pastTtl();
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { ...options, lock: true });
    await loader.started;
    const served = other.getOrSet('key', loader.load, { ...options, lock: true, softTimeout: '50ms' });
    await expect(served).resolves.toBe('old');
    loader.succeed('new');
    await first;
    expect(loader.runs).toBe(1);
  });
});

describe('refresh ahead with Redis', () => {
  const options = { ttl: '2s', refreshAhead: 0.05 };
  const due = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 150));

  it.each([{}, { tags: ['tag'] }, { grace: 60 }])(
    'of a value that another instance stored (%p)',
    async (more) => {
      const [cache, other] = [await redis(), await redis()];
      await cache.getOrSet('key', () => 'old', { ...options, ...more });
      await until(async () => {
        expect(await other.getOrSet('key', () => 'never', { ttl: '2s', ...more })).toBe('old');
        return other.stats().l1.hits > 0;
      }, 'the L1 to hold it');
      await due();
      const loader = new HeldLoader();
      expect(await other.getOrSet('key', loader.load, { ...options, ...more })).toBe('old');
      await loader.started;
      loader.succeed('new');
      await until(async () => (await other.get('key')) === 'new', 'the refresh');
      await until(async () => (await cache.get('key')) === 'new', 'the news');
    },
  );

  it('pitfall (FusionCache #651) asks Redis first: another instance may have refreshed it', async () => {
    // The L1 hears of nothing.
    const [cache, other] = [await redis({ coherence: 'none' }), await redis({ coherence: 'none' })];
    await cache.getOrSet('key', () => 'old', options);
    await due();
    await other.set('key', 'new', '2s');
    const loader = new HeldLoader();
    expect(await cache.getOrSet('key', loader.load, options)).toBe('old');
    await until(async () => (await cache.get('key')) === 'new', 'the refresh');
    expect(loader.runs).toBe(0);
  });

  it('with a ttl from the loader, far shorter than that of the call, too', async () => {
    const [cache, other] = [await redis({ coherence: 'none' }), await redis({ coherence: 'none' })];
    const load =
      (value: string) =>
      (ctx: LoadContext): string => {
        ctx.ttl('2s');
        return value;
      };
    const call = { ttl: 3600, refreshAhead: 0.05 };
    await cache.getOrSet('key', load('old'), call);
    await due();
    await other.getOrSet('key', load('new'), { ...call, forceRefresh: true });
    let runs = 0;
    await cache.getOrSet('key', () => `run ${String(++runs)}`, call);
    await until(async () => (await cache.get('key')) === 'new', 'the refresh');
    expect(runs).toBe(0);
  });

  it('with a lease, one refresh across instances', async () => {
    const caches = await Promise.all([1, 2, 3].map(() => redis()));
    const call = { ...options, lock: true };
    await caches[0]?.getOrSet('key', () => 'old', call);
    for (const cache of caches) expect(await cache.getOrSet('key', () => 'never', call)).toBe('old');
    await due();
    const loader = new HeldLoader();
    for (let i = 0; i < 5; i++) {
      for (const cache of caches) expect(await cache.getOrSet('key', loader.load, call)).toBe('old');
    }
    await loader.started;
    await new Promise((resolve) => setTimeout(resolve, 50));
    loader.succeed('new');
    for (const cache of caches) await until(async () => (await cache.get('key')) === 'new', 'the refresh');
    expect(loader.runs).toBe(1);
  });

  it('without an L1: a hit in Redis refreshes, too', async () => {
    const cache = await redis({ enableL1Cache: false });
    await cache.set('key', 'old', '2s');
    await due();
    const loader = new HeldLoader();
    for (let i = 0; i < 5; i++) expect(await cache.getOrSet('key', loader.load, options)).toBe('old');
    await loader.started;
    loader.succeed('new');
    await until(async () => (await cache.get('key')) === 'new', 'the refresh');
    expect(loader.runs).toBe(1);
  });

  it('a failure puts the next try off', async () => {
    const cache = await redis({ graceBackoff: '10s' });
    await cache.getOrSet('key', () => 'old', options);
    await due();
    let runs = 0;
    const load = (): never => {
      runs++;
      throw new Error('down');
    };
    for (let i = 0; i < 20; i++) {
      expect(await cache.getOrSet('key', load, options)).toBe('old');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(runs).toBe(1);
  });
});

describe('tiers of one call', () => {
  it("'l1': Redis is neither asked nor told", async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.set('key', 'in Redis');
    await cache.set('own', 1, { tiers: 'l1' });
    expect(await cache.get('own')).toBe(1);
    expect(await other.get('own')).toBeUndefined();
    await expect(cache.getOrSet('key', () => 'local', { tiers: 'l1' })).resolves.toBe('local');
    expect(await other.get('key')).toBe('in Redis');
  });

  it("'l2': the L1 is neither asked nor told", async () => {
    const cache = await redis();
    await cache.set('key', 1, { tiers: 'l2' });
    const { l1 } = cache.stats();
    await expect(cache.getOrSet('key', () => 2, { tiers: 'l2' })).resolves.toBe(1);
    expect(cache.stats().l1.hits).toBe(l1.hits);
    expect(await (await redis()).get('key')).toBe(1);
  });

  it('l1Ttl: Redis is asked again after it, each time', async () => {
    const [cache, other] = [await redis({ coherence: 'none' }), await redis({ coherence: 'none' })];
    const options = { ttl: 600, l1Ttl: '100ms' };
    await cache.getOrSet('key', () => 1, options);
    for (const value of [2, 3]) {
      await other.set('key', value);
      await new Promise((resolve) => setTimeout(resolve, 130));
      await expect(cache.getOrSet('key', () => 'never', options)).resolves.toBe(value);
    }
  });

  it("l1Ttl is the cache's own option, too", async () => {
    const [cache, other] = [await redis({ coherence: 'none', l1Ttl: '100ms' }), await redis()];
    for (const value of [1, 2, 3]) {
      await other.set('key', value, 600);
      await new Promise((resolve) => setTimeout(resolve, 130));
      expect(await cache.get('key')).toBe(value);
    }
  });
});
