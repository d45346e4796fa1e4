import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { deferred } from '../../../../../test/support/deferred.js';
import { until } from '../../../../../test/support/until.js';
import type { CacheEvents } from '../contract/events.js';
import type { LoadContext } from '../contract/options.js';
import { InMemoryCache } from '../in-memory-cache.js';

let clock: ManualClock;
let cache: InMemoryCache;
let row: unknown;
const untrue: CacheEvents['untrue'][] = [];

function open(options: object = {}): void {
  cache = new InMemoryCache({ verify: 1, advanced: { clock, verifySettle: '20ms' }, ...options });
  cache.on('untrue', (event) => untrue.push(event));
}

beforeEach(() => {
  clock = new ManualClock();
  row = { name: 'old', at: new Date(5) };
  untrue.length = 0;
});
afterEach(() => cache.close());

const load = (): unknown => row;
const get = (options: object = {}): Promise<unknown> => cache.getOrSet('key', load, { ttl: 60, ...options });
const judged = (count: number): Promise<void> =>
  until(() => {
    const { verified, inconclusive } = cache.stats().truth;
    return verified + inconclusive === count;
  }, 'the verification');

describe('verify', () => {
  it.each([
    ['of the cache', {}, {}],
    ['of a call', { verify: 0 }, { verify: 1 }],
  ])('a hit that is true: %s', async (_, ofCache, ofCall) => {
    open(ofCache);
    await get(ofCall);
    expect(await get(ofCall)).toEqual(row);
    await judged(1);
    expect(cache.stats().truth).toMatchObject({ verified: 1, untrue: 0, rate: 1 });
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, loads: 1, sets: 1 });
  });

  it('a hit whose origin has changed is untrue, within its ttl, and stays cached', async () => {
    open();
    await get();
    row = { name: 'new' };
    clock.advance(10_000);
    expect(await get()).toEqual({ name: 'old', at: new Date(5) });
    await judged(1);
    expect(cache.stats().truth).toMatchObject({
      ...{ verified: 1, untrue: 1, rate: 0, oldestMs: 10_000 },
      causes: { ttl: 1, tag: 0, key: 0, writer: 0 },
    });
    expect(untrue).toEqual([{ key: 'key', cause: 'ttl', ageMs: 10_000 }]);
    expect(await cache.get('key')).toEqual({ name: 'old', at: new Date(5) });
    expect((await cache.health()).truth).toEqual(cache.stats().truth);
  });

  it('an invalidation that comes a moment later makes it no lie', async () => {
    open();
    await get({ tags: ['tag'] });
    row = { name: 'new' };
    await get();
    await cache.invalidateTags('tag');
    await judged(1);
    expect(cache.stats().truth).toMatchObject({ verified: 0, inconclusive: 1, rate: 1, interval: [0, 1] });
  });

  it('a loader that fails, says nothing or skips is inconclusive', async () => {
    open();
    await get();
    const loaders = [
      (): never => {
        throw new Error('the origin is down');
      },
      ({ skipStore }: LoadContext): string => {
        skipStore();
        return 'other';
      },
    ];
    for (const [i, loader] of loaders.entries()) {
      await cache.getOrSet('key', loader);
      await judged(i + 1);
    }
    expect(cache.stats().truth).toMatchObject({ verified: 0, inconclusive: 2 });
  });

  it('a loader without a value now: the value is untrue', async () => {
    open();
    await get();
    row = undefined;
    await get();
    await judged(1);
    expect(untrue).toEqual([{ key: 'key', cause: 'ttl', ageMs: 0 }]);
  });

  it('the caller gets its answer first', async () => {
    open();
    await get();
    let runs = 0;
    const answer = cache.getOrSet('key', () => {
      runs++;
      return row;
    });
    await answer;
    expect(runs).toBe(0);
    await until(() => runs === 1, 'the verification');
  });

  it('one verification of a key at a time, and so many of a minute', async () => {
    open({ verifyPerMinute: 2 });
    await get();
    const gate = deferred<unknown>();
    let runs = 0;
    const slow = (): Promise<unknown> => {
      runs++;
      return gate.promise;
    };
    for (let i = 0; i < 3; i++) await cache.getOrSet('key', slow);
    await until(() => runs === 1, 'the verification');
    gate.resolve(row);
    await judged(1);
    await get();
    await judged(2);
    await get();
    expect(cache.stats().truth).toMatchObject({ verified: 2, skipped: 3 });
    expect(runs).toBe(1);
  });

  it('by default there is none', async () => {
    open({ verify: undefined });
    await get();
    row = 'new';
    await get();
    expect(cache.stats().truth).toMatchObject({ verified: 0, skipped: 0 });
  });

  it.each([-0.1, 1.1, NaN, '1'])('refuses %p', async (verify) => {
    open();
    await expect(get({ verify })).rejects.toThrow('verify must be a number from 0 to 1');
  });
});
