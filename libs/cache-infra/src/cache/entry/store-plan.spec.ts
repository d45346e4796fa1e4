import fc from 'fast-check';

import { ValidationError } from '../../base/errors.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { LoadOptions, StoreOptions, Ttl } from '../contract/options.js';
import { loadPlan, planDefaults, storePlan } from './store-plan.js';

const bare = planDefaults({}, false, undefined);

describe('storePlan', () => {
  it('has the defaults of the contract', () => {
    expect(storePlan(undefined, bare)).toMatchObject({
      ttlMs: 3_600_000,
      l1TtlMs: undefined,
      graceMs: 0,
      tags: [],
      tiers: 'both',
      refreshAhead: undefined,
      jitter: 0,
      value: { plain: false, as: undefined, revive: undefined },
    });
  });

  it('takes a bare ttl, in seconds or with a unit', () => {
    expect(storePlan(5, bare).ttlMs).toBe(5000);
    expect(storePlan('250ms', bare).ttlMs).toBe(250);
    expect(storePlan(0, bare).ttlMs).toBe(0);
  });

  it("takes the cache's options where the call says nothing", () => {
    const defaults = planDefaults({ defaultTtl: 7, grace: '1m', refreshAhead: 0.8 }, false, '2s');
    expect(storePlan({ tags: ['t'] }, defaults)).toMatchObject({
      ttlMs: 7000,
      graceMs: 60_000,
      l1TtlMs: 2000,
      refreshAhead: 0.8,
    });
  });

  it("a call's options win", () => {
    const defaults = planDefaults({ defaultTtl: 7, grace: '1m' }, false, '2s');
    const options = { ttl: 1, grace: 0, l1Ttl: '1ms', tiers: 'l1' } as const;
    expect(storePlan(options, defaults)).toMatchObject({ ttlMs: 1000, graceMs: 0, l1TtlMs: 1, tiers: 'l1' });
  });

  it.each<[string, StoreOptions]>([
    ['jitter', { jitter: -0.1 }],
    ['jitter', { jitter: 1.1 }],
    ['jitter', { jitter: NaN }],
    ['grace', { grace: -1 }],
    ['grace', { grace: 'soon' as string as Ttl }],
    ['l1Ttl', { l1Ttl: 1.5 }],
    ['tiers', { tiers: 'l3' as 'l1' }],
    ['tags[1]', { tags: ['a', ''] }],
    ['lock', { lock: true } as StoreOptions],
  ])('refuses a bad %s', (path, options) => {
    const problems = (): unknown => {
      try {
        return storePlan(options, bare);
      } catch (error) {
        return (error as ValidationError).problems;
      }
    };
    expect(problems()).toEqual([expect.objectContaining({ path })]);
  });
});

describe('loadPlan', () => {
  it('resolves every option', () => {
    const { signal } = new AbortController();
    const options: LoadOptions = {
      ttl: 1,
      refreshAhead: 0.5,
      softTimeout: '100ms',
      hardTimeout: '5s',
      lock: true,
      forceRefresh: true,
      signal,
    };
    expect(loadPlan(options, bare)).toMatchObject({
      ttlMs: 1000,
      refreshAhead: 0.5,
      softTimeoutMs: 100,
      hardTimeoutMs: 5000,
      lock: true,
      forced: true,
      signal,
    });
  });

  it("takes the cache's options where the call says nothing", () => {
    const defaults = planDefaults({ softTimeout: 1, hardTimeout: 2, refreshAhead: 0.9 }, true, undefined);
    expect(loadPlan(5, defaults)).toMatchObject({
      softTimeoutMs: 1000,
      hardTimeoutMs: 2000,
      refreshAhead: 0.9,
      lock: true,
      forced: false,
    });
    expect(loadPlan({ lock: false, refreshAhead: 0.5 }, defaults)).toMatchObject({
      lock: false,
      refreshAhead: 0.5,
    });
  });

  it.each<[string, LoadOptions]>([
    ['refreshAhead', { refreshAhead: 0 }],
    ['refreshAhead', { refreshAhead: 1 }],
    ['softTimeout', { softTimeout: -1 }],
    ['hardTimeout', { hardTimeout: 'late' as string as Ttl }],
    ['lock', { lock: 1 as unknown as boolean }],
    ['signal', { signal: {} as AbortSignal }],
    ['retries', { retries: 3 } as LoadOptions],
  ])('refuses a bad %s', async (path, options) => {
    const cache = new InMemoryCache();
    await expect(cache.getOrSet('key', () => 1, options)).rejects.toMatchObject({
      problems: [expect.objectContaining({ path })],
    });
    await cache.close();
  });
});

describe('jitter', () => {
  it('makes a ttl shorter, never longer, and by no more than its fraction', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 86_400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ttl, jitter) => {
          const { ttlMs } = storePlan({ ttl, jitter }, bare);
          expect(ttlMs).toBeLessThanOrEqual(ttl * 1000);
          expect(ttlMs).toBeGreaterThanOrEqual(Math.max(1, Math.floor(ttl * 1000 * (1 - jitter))));
        },
      ),
    );
  });

  it('spreads lives over all of that fraction', () => {
    const lives = Array.from({ length: 2000 }, () => storePlan({ ttl: 100, jitter: 0.1 }, bare).ttlMs);
    expect(Math.min(...lives)).toBeLessThan(90_500);
    expect(Math.max(...lives)).toBeGreaterThan(99_500);
  });

  it('a ttl of 1 ms, or never, stays so', () => {
    expect(storePlan({ ttl: '1ms', jitter: 1 }, bare).ttlMs).toBe(1);
    expect(storePlan({ ttl: 0, jitter: 1 }, bare).ttlMs).toBe(0);
  });

  it("is the cache's own option, too, for a bare ttl as well", () => {
    const defaults = planDefaults({ jitter: 1 }, false, undefined);
    const lives = Array.from({ length: 100 }, () => storePlan(1000, defaults).ttlMs);
    expect(new Set(lives).size).toBeGreaterThan(50);
    expect(storePlan({ ttl: 10, jitter: 0 }, defaults).ttlMs).toBe(10_000);
  });

  it('applies to the ttl that a loader gives its value', async () => {
    const cache = new InMemoryCache({ jitter: 0.5, maxSize: 100 });
    const keys = Array.from({ length: 50 }, (_, i) => String(i));
    await Promise.all(keys.map((key) => cache.getOrSet(key, (ctx) => (ctx.ttl(10_000), 1))));
    const lives = await Promise.all(keys.map((key) => cache.ttl(key)));
    expect(new Set(lives).size).toBeGreaterThan(10);
    await cache.close();
  });
});

describe('options of a cache that its calls could not use', () => {
  it.each([0, 1])('refreshAhead %p is refused when the cache is made', (refreshAhead) => {
    expect(() => new InMemoryCache({ refreshAhead })).toThrow(ValidationError);
  });
});

describe('jitter', () => {
  it('T50: setMany draws it for each entry', async () => {
    await using cache = new InMemoryCache();
    const keys = Array.from({ length: 200 }, (_, i) => `key ${String(i)}`);
    await cache.setMany(
      keys.map((key) => [key, 1] as const),
      { ttl: 1000, jitter: 0.9 },
    );
    const lives = new Set(await Promise.all(keys.map((key) => cache.ttl(key))));
    expect(lives.size).toBeGreaterThan(50);
  });
});
