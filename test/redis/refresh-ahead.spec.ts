import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { HeldLoader } from '../support/held-loader.js';
import { heldLoad } from '../support/loads.js';
import { received } from '../support/news.js';
import { elapse } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

/** The number of loads in flight. */
const loadsOf = (...caches: RedisCache[]): number =>
  caches.reduce((sum, cache) => sum + engineOf(cache).work.loads.size, 0);

describe('refresh ahead with Redis', () => {
  const options = { ttl: '2s', refreshAhead: 0.05 } as const;
  /** 5 % of the ttl have passed. */
  const due = (): Promise<void> => elapse(150);

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
    await until(() => loadsOf(...caches) === 1, 'the others to leave the refresh to one');
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
    const cache = await redis({ advanced: { graceBackoff: '10s' } });
    await cache.getOrSet('key', () => 'old', options);
    await due();
    let runs = 0;
    const load = (): never => {
      runs++;
      throw new Error('down');
    };
    for (let i = 0; i < 20; i++) {
      expect(await cache.getOrSet('key', load, options)).toBe('old');
      await until(() => loadsOf(cache) === 0, 'the refresh to fail');
    }
    expect(runs).toBe(1);
  });
});

describe('refreshAhead across instances', () => {
  it('takes what another instance has refreshed already, without its loader', async () => {
    const options = { ttl: 2, refreshAhead: 0.3 };
    const [cache, other] = [await redis(), await redis({ enableL1Cache: false })];
    await cache.getOrSet('key', () => 'old', options);
    await elapse(1000);
    let runs = 0;
    await other.getOrSet('key', () => 'new', { ...options, forceRefresh: true });
    await received(cache, other);
    await cache.getOrSet(
      'key',
      () => {
        runs++;
        return 'newest';
      },
      options,
    );
    expect(runs).toBe(0);
  });

  it('with l1Ttl: a hit long before the refresh is due refreshes nothing', async () => {
    const [cache, other] = [await redis({ l1Ttl: 5 }), await redis()];
    await other.set('key', 'value', { ttl: 600 });
    await cache.get('key');
    const before = cache.stats().refreshes;
    for (let i = 0; i < 5; i++) await cache.getOrSet('key', () => 'x', { ttl: 600, refreshAhead: 0.8 });
    expect(cache.stats().refreshes - before).toBe(0);
  });

  it('a refresh left to another instance that dies is tried again before the end of the ttl', async () => {
    const leaseMs = 300;
    const leaseDuration = `${leaseMs}ms` as const;
    const [cache, other] = [
      await redis({ advanced: { leaseDuration } }),
      await redis({ advanced: { leaseDuration } }),
    ];
    const options = { ttl: 4, refreshAhead: 0.2, lock: true };
    await cache.getOrSet('key', () => 'old', options);
    await other.get('key');
    await elapse(1000);
    await heldLoad(other, options);
    await cache.getOrSet('key', () => 'new', options);
    await until(() => loadsOf(cache) === 0, 'the refresh to be left to the other instance');
    await other.close();
    await elapse(2 * leaseMs);
    await cache.getOrSet('key', () => 'new', options);
    await until(async () => (await cache.get('key')) === 'new', 'the refresh', 1500);
  });
});
