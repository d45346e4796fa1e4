import { Redis } from 'ioredis';

import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { Coherence, LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { deferred, turn } from '../support/deferred.js';
import { HeldLoader } from '../support/held-loader.js';
import { startLoadingProcess } from '../support/loading-process.js';
import { trickyKeys } from '../support/tricky-keys.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { pause, within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

const coherences: Coherence[] = ['tracking', 'broadcast', 'pubsub', 'none'];

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
      advanced: { leaseDuration: `${String(leaseMs)}ms` },
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
    const [cache, other] = [
      await redis({ advanced: { leaseDuration } }),
      await redis({ advanced: { leaseDuration } }),
    ];
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
});

describe('leases', () => {
  it('a loader that runs longer than the lease keeps it: one run', async () => {
    const [cache, other] = [
      await redis({ advanced: { leaseDuration: '200ms' } }),
      await redis({ advanced: { leaseDuration: '200ms' } }),
    ];
    let runs = 0;
    const load = async (): Promise<string> => {
      runs++;
      await pause(1500);
      return 'value';
    };
    const both = await Promise.all([
      cache.getOrSet('key', load, { lock: true }),
      other.getOrSet('key', load, { lock: true }),
    ]);
    expect(both).toEqual(['value', 'value']);
    expect(runs).toBe(1);
  });

  it.each([
    ['delete', (c: RedisCache) => c.delete('key')],
    ['tags', (c: RedisCache) => c.invalidateTags('t')],
    ['pattern', (c: RedisCache) => c.invalidatePattern('k*')],
    ['clear', (c: RedisCache) => c.clear()],
  ] as const)(
    '%s while another instance waits for the lease: it never stores or serves the value from before after it',
    async (_, invalidate) => {
      const [cache, other, third] = [await redis(), await redis(), await redis()];
      const started = deferred();
      const end = deferred<string>();
      const held = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return end.promise;
        },
        { lock: true, tags: ['t'] },
      );
      await started.promise;
      const waiting = other.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await pause(50);
      await invalidate(third);
      await pause(50);
      const after = third.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await pause(50);
      end.resolve('from before');
      expect(await held).toBe('from before');
      expect(await within(3000, after)).toBe('new');
      expect(await within(3000, waiting)).toBe('new');
      await pause(50);
      // News of what the former holder stored may fence the load that came after it: then its value is stored nowhere.
      for (const c of [cache, other, third]) expect(['new', undefined]).toContain(await c.get('key'));
    },
  );

  it('a forced caller who joins while the lease is waited for gets a fresh load', async () => {
    const [cache, other] = [await redis(), await redis()];
    const started = deferred();
    const end = deferred<string>();
    const held = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    const waiting = other.getOrSet('key', () => 'new', { lock: true });
    await pause(50);
    const forced = other.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    await pause(50);
    end.resolve('first');
    await held;
    expect(await within(3000, forced)).toBe('new');
    await waiting;
  });
});

describe('a load with a lease that nobody waits for any more', () => {
  const never = (): Promise<string> => new Promise(() => undefined);

  it('gives the lease back when its last caller has left, though its loader hangs', async () => {
    const [cache, other] = [
      await redis({ advanced: { leaseDuration: '300ms' } }),
      await redis({ advanced: { leaseDuration: '300ms' } }),
    ];
    const leaving = new AbortController();
    const left = cache.getOrSet('key', never, { lock: true, signal: leaving.signal });
    left.catch(() => undefined);
    await until(async () => (await own.raw.keys(`${own.keyPrefix}:!f*`)).length > 0);
    await pause(50);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect(
      await within(
        2000,
        other.getOrSet('key', () => 'loaded', { lock: true }),
      ),
    ).toBe('loaded');
  });

  it('lets whoever comes next in the same process load at once', async () => {
    const cache = await redis();
    const leaving = new AbortController();
    const started = deferred();
    const left = cache.getOrSet(
      'key',
      ({ signal }) =>
        new Promise<string>((_, reject) => {
          started.resolve();
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
      { lock: true, signal: leaving.signal },
    );
    left.catch(() => undefined);
    await started.promise;
    leaving.abort(new Error('left'));
    expect(
      await within(
        2000,
        cache.getOrSet('key', () => 'loaded', { lock: true }),
      ),
    ).toBe('loaded');
  });

  it('after an invalidation of tags whoever comes next does not wait for the load from before (same process)', async () => {
    const cache = await redis();
    const end = deferred<string>();
    const started = deferred();
    const before = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true, tags: ['t'] },
    );
    await started.promise;
    await cache.invalidateTags('t');
    const after = cache.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
    await pause(50);
    end.resolve('from before');
    expect(await before).toBe('from before');
    expect(await within(2000, after)).toBe('new');
  });

  it('after a set during a load with a lease, forceRefresh does not wait for the load from before', async () => {
    const cache = await redis();
    const end = deferred<string>();
    const started = deferred();
    const before = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    await cache.set('key', 'set');
    const after = cache.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    await pause(50);
    end.resolve('from before');
    expect(await before).toBe('from before');
    expect(await within(2000, after)).toBe('new');
  });
});

describe('closing', () => {
  it('ends the wait for a lease', async () => {
    const [cache, other] = [await redis(), await redis({ onError: 'degrade' })];
    const started = deferred();
    const end = deferred<string>();
    const holder = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    const waiting = other.getOrSet('key', () => 'other', { lock: true });
    await pause(100);
    await other.close();
    const outcome = await within(1000, waiting);
    end.resolve('value');
    await holder;
    expect(outcome).not.toBe('still waiting');
  });
});
