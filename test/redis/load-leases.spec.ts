import { Redis } from 'ioredis';

import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { turn } from '../support/deferred.js';
import { HeldLoader } from '../support/held-loader.js';
import { startLoadingProcess } from '../support/loading-process.js';
import { coherences, heldLoad, waitsForLease, type HeldLoad } from '../support/loads.js';
import { received } from '../support/news.js';
import { elapse } from '../support/time.js';
import { trickyKeys } from '../support/tricky-keys.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

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

  it('a leader killed in mid-load: one more run, and no caller waits longer than the lease + 1 s', async () => {
    const leaseMs = 2000;
    const options = {
      redisUrl: own.server.url,
      keyPrefix: own.keyPrefix,
      ...patient,
      advanced: { leaseDuration: `${leaseMs}ms` },
    } as const;
    const [leader, ...others] = await Promise.all([1, 2, 3, 4].map(() => startLoadingProcess(options)));
    for (const each of others) closing(each);
    const herd = { key: 'key', callers: 250, options: { lock: true } };
    const loading = leader?.loading();
    leader?.herd({ ...herd, loadMs: Infinity }).catch(() => undefined);
    await loading;
    const waiting = Promise.all(others.map((each) => each.herd({ ...herd, loadMs: 50 })));
    // The lease has been renewed by then.
    await elapse(leaseMs / 2);
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
    const held = await heldLoad(cache, { lock: true });
    const waiting = other.getOrSet('key', () => 'loaded twice', { lock: true });
    await waitsForLease(other);
    const start = performance.now();
    held.succeed('value');
    expect(await Promise.all([held.value, waiting])).toEqual(['value', 'value']);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  const endings: [what: string, end: (held: HeldLoad) => void][] = [
    ['fails', (held) => held.fail()],
    ['gives nothing', (held) => held.succeed(undefined)],
  ];

  describe.each(endings)('a load that %s', (_, end) => {
    it.each(coherences)('hands the lease to the next at once; coherence %s', async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      const held = await heldLoad(cache, { lock: true });
      const waiting = other.getOrSet('key', () => 'second', { lock: true });
      await waitsForLease(other);
      const start = performance.now();
      end(held);
      await held.value.catch(() => 'failed');
      await expect(waiting).resolves.toBe('second');
      expect(performance.now() - start).toBeLessThan(1000);
    });

    it('also between caches that share a client', async () => {
      const client = new Redis(own.server.url);
      const [cache, other] = [await redis({ redis: client }), await redis({ redis: client })];
      const held = await heldLoad(cache, { lock: true });
      const waiting = other.getOrSet('key', () => 'second', { lock: true });
      await waitsForLease(other);
      const start = performance.now();
      end(held);
      await held.value.catch(() => 'failed');
      await expect(waiting).resolves.toBe('second');
      expect(performance.now() - start).toBeLessThan(1000);
      client.disconnect();
    });
  });

  it('a lease is prolonged while its load runs', async () => {
    const leaseMs = 300;
    const leaseDuration = `${leaseMs}ms` as const;
    const [cache, other] = [
      await redis({ advanced: { leaseDuration } }),
      await redis({ advanced: { leaseDuration } }),
    ];
    const held = await heldLoad(cache, { lock: true });
    const waiting = other.getOrSet('key', () => 'loaded twice', { lock: true });
    await elapse(4 * leaseMs);
    held.succeed('value');
    expect(await Promise.all([held.value, waiting])).toEqual(['value', 'value']);
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
    const held = await heldLoad(cache, { lock: true });
    const controller = new AbortController();
    const waiting = other.getOrSet('key', () => 2, { lock: true, signal: controller.signal });
    await waitsForLease(other);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    held.succeed(1);
    await held.value;
    expect(await other.get('key')).toBe(1);
  });

  it.each(trickyKeys)('of the key %p', async (key) => {
    const [cache, other] = [await redis(), await redis()];
    const held = await heldLoad(cache, { lock: true }, key);
    const waiting = other.getOrSet(key, () => 'loaded twice', { lock: true });
    await waitsForLease(other);
    held.succeed('value');
    expect(await Promise.all([held.value, waiting])).toEqual(['value', 'value']);
  });

  it('different keys have leases of their own', async () => {
    const [cache, other] = [await redis(), await redis()];
    const held = await heldLoad(cache, { lock: true });
    await expect(other.getOrSet('another', () => 2, { lock: true })).resolves.toBe(2);
    held.succeed(1);
    await held.value;
  });

  it("lock is the cache's own option, too", async () => {
    const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
    const held = await heldLoad(cache);
    const waiting = other.getOrSet('key', held.loader.load);
    await waitsForLease(other);
    held.succeed('value');
    expect(await Promise.all([held.value, waiting])).toEqual(['value', 'value']);
    expect(held.loader.runs).toBe(1);
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
    const leaseMs = 200;
    const leaseDuration = `${leaseMs}ms` as const;
    const [cache, other] = [
      await redis({ advanced: { leaseDuration } }),
      await redis({ advanced: { leaseDuration } }),
    ];
    let runs = 0;
    const load = async (): Promise<string> => {
      runs++;
      await elapse(7 * leaseMs);
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
      const held = await heldLoad(cache, { lock: true, tags: ['t'] });
      const waiting = other.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await waitsForLease(other);
      await invalidate(third);
      for (const c of [cache, other]) await received(c, third);
      const after = third.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await waitsForLease(third, after);
      held.succeed('from before');
      expect(await held.value).toBe('from before');
      expect(await within(3000, after)).toBe('new');
      expect(await within(3000, waiting)).toBe('new');
      for (const by of [cache, other, third]) for (const c of [cache, other, third]) await received(c, by);
      // News of what the former holder stored may fence the load that came after it: then its value is stored nowhere.
      for (const c of [cache, other, third]) expect(['new', undefined]).toContain(await c.get('key'));
    },
  );

  it('a forced caller who joins while the lease is waited for gets a fresh load', async () => {
    const [cache, other] = [await redis(), await redis()];
    const held = await heldLoad(cache, { lock: true });
    const waiting = other.getOrSet('key', () => 'new', { lock: true });
    await waitsForLease(other);
    const forced = other.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    await until(() => other.stats().coalesced === 1, 'the forced caller to join');
    held.succeed('first');
    await held.value;
    expect(await within(3000, forced)).toBe('new');
    await waiting;
  });
});

describe('a load with a lease that nobody waits for any more', () => {
  it('gives the lease back when its last caller has left, though its loader hangs', async () => {
    const [cache, other] = [
      await redis({ advanced: { leaseDuration: '300ms' } }),
      await redis({ advanced: { leaseDuration: '300ms' } }),
    ];
    const leaving = new AbortController();
    const held = await heldLoad(cache, { lock: true, signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(held.value).rejects.toThrow('left');
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
    const held = await heldLoad(cache, { lock: true, signal: leaving.signal });
    held.loader.signal?.addEventListener('abort', () => {
      held.fail(new Error('left'));
    });
    leaving.abort(new Error('left'));
    await expect(held.value).rejects.toThrow('left');
    expect(
      await within(
        2000,
        cache.getOrSet('key', () => 'loaded', { lock: true }),
      ),
    ).toBe('loaded');
  });

  it('after an invalidation of tags whoever comes next does not wait for the load from before (same process)', async () => {
    const cache = await redis();
    const held = await heldLoad(cache, { lock: true, tags: ['t'] });
    await cache.invalidateTags('t');
    const after = cache.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
    expect(await within(2000, after)).toBe('new');
    held.succeed('from before');
    expect(await held.value).toBe('from before');
  });

  it('after a set during a load with a lease, forceRefresh does not wait for the load from before', async () => {
    const cache = await redis();
    const held = await heldLoad(cache, { lock: true });
    await cache.set('key', 'set');
    const after = cache.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    expect(await within(2000, after)).toBe('new');
    held.succeed('from before');
    expect(await held.value).toBe('from before');
  });
});

describe('closing', () => {
  it('ends the wait for a lease', async () => {
    const [cache, other] = [await redis(), await redis({ onError: 'degrade' })];
    const held = await heldLoad(cache, { lock: true });
    const waiting = other.getOrSet('key', () => 'other', { lock: true });
    await waitsForLease(other);
    await other.close();
    const outcome = await within(1000, waiting);
    held.succeed('value');
    await held.value;
    expect(outcome).not.toBe('still waiting');
  });
});
