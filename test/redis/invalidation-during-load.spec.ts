import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { invalidations } from '../support/invalidations.js';
import { startLoadingProcess } from '../support/loading-process.js';
import { coherences, heldLoad, setStale } from '../support/loads.js';
import { received } from '../support/news.js';
import { loadingWith, race, raceKinds } from '../support/race.js';
import { elapse } from '../support/time.js';
import { trickyKeys } from '../support/tricky-keys.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { within } from '../support/within.js';

/** Of each kind; `benchmarks/invalidation-race.mjs` runs 10,000. */
const rounds = Number(process.env['ROUNDS'] ?? 300);
const raceTimeoutMs = 20_000 + rounds * 20;

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

const newerSet: (typeof invalidations)[number] = ['a newer set', (cache, key) => cache.set(key, 'newer')];

describe('guarantee 1: an invalidation by another instance while a loader runs', () => {
  describe.each([...invalidations, newerSet])('%s', (what, invalidate) => {
    const after = what === 'a newer set' ? 'newer' : undefined;
    const check = async (key: string, options: Partial<RedisCacheOptions>, load: object): Promise<void> => {
      const [cache, other] = [await redis(options), await redis(options)];
      const held = await heldLoad(cache, { tags: ['tag'], ...load }, key);
      await invalidate(other, key);
      held.succeed('from before');
      await expect(held.value).resolves.toBe('from before');
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

    it('a caller after it, of the instance that loads, gets no value from before', async () => {
      const [cache, other] = [await redis(), await redis()];
      const before = await heldLoad(cache, { tags: ['tag'] });
      await invalidate(other, 'key');
      await received(cache, other);
      const next = cache.getOrSet('key', () => 'from after', { tags: ['tag'] });
      expect(await within(1000, next)).toBe(after ?? 'from after');
      before.succeed('from before');
      await expect(before.value).resolves.toBe('from before');
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
    const [slow, fast] = [await heldLoad(cache), await heldLoad(other)];
    fast.succeed('newer');
    await expect(fast.value).resolves.toBe('newer');
    slow.succeed('older');
    await expect(slow.value).resolves.toBe('older');
    expect(await (await redis()).get('key')).toBe('newer');
    await until(async () => (await cache.get('key')) === 'newer', 'the news');
  });

  it('a load that takes longer than Redis remembers it unasked is still protected', async () => {
    const [cache, other] = [await redis({ advanced: { leaseDuration: '300ms' } }), await redis()];
    const held = await heldLoad(cache, { lock: true });
    const [guard = ''] = await own.raw.keys(`${own.keyPrefix}:!f:*`);
    await own.raw.pexpire(guard, 200);
    await elapse(400);
    await other.delete('key');
    held.succeed('from before');
    await held.value;
    expect(await other.get('key')).toBeUndefined();
  });

  it('what protects loads leaves Redis by itself', async () => {
    const cache = await redis();
    await cache.getOrSet('key', () => 1, { lock: true });
    const [guard = ''] = await own.raw.keys(`${own.keyPrefix}:!f:*`);
    expect(await own.raw.pttl(guard)).toBeGreaterThan(0);
    expect(await own.raw.pttl(guard)).toBeLessThanOrEqual(30_000);
  });
});

describe('guarantee 1: the invalidation race', () => {
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

describe('a newer set that does not live long', () => {
  it.each([
    ['L2 only', { enableL1Cache: false }],
    ['coherence none', { coherence: 'none' }],
    ['tracking', {}],
  ] as const)(
    'by another instance: the older loaded value is not stored after it; %s',
    async (_, options) => {
      const [cache, other] = [await redis(options), await redis(options)];
      const held = await heldLoad(cache);
      await other.set('key', 'newer', { ttl: '50ms' });
      await until(
        async () => (await own.raw.exists(`${own.keyPrefix}::key`)) === 0,
        'the newer value to expire',
      );
      held.succeed('from before');
      expect(await held.value).toBe('from before');
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
    },
  );
});

describe('who joins after an invalidation of tags elsewhere', () => {
  it('gets no older value, when the loader names them later', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('x', 1, { tags: ['t'] });
    await cache.get('x');
    const end = deferred<string>();
    const started = deferred();
    const first = cache.getOrSet('key', ({ tags }) => {
      started.resolve();
      return end.promise.then((value) => {
        tags('t');
        return value;
      });
    });
    await started.promise;
    await other.invalidateTags('t');
    await received(cache, other);
    const second = cache.getOrSet('key', ({ tags }) => {
      tags('t');
      return 'new';
    });
    await until(() => cache.stats().coalesced === 1, 'the second caller to join');
    end.resolve('from before');
    expect(await first).toBe('from before');
    expect(await second).toBe('new');
  });
});

describe('expire', () => {
  it('by another instance, of a cold key that is being loaded', async () => {
    const [cache, other] = [await redis(), await redis()];
    const held = await heldLoad(cache, { ttl: 60, grace: 60 });
    await other.expire('key');
    await received(cache, other);
    held.succeed('from before');
    await held.value;
    expect(await cache.get('key')).toBeUndefined();
  });

  it('by another instance, of a key past its ttl that is being loaded', async () => {
    const [cache, other] = [await redis(), await redis()];
    await setStale(cache, 'stale');
    const held = await heldLoad(cache, { ttl: 60, grace: 60 });
    await other.expire('key');
    await received(cache, other);
    held.succeed('from before');
    await held.value;
    expect(await cache.get('key')).toBeUndefined();
  });
});
