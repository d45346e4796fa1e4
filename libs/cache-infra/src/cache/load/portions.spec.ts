import { jest } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';

import { closingAfterEach } from '../../../../../test/support/closing.js';
import type { Cache } from '../contract/cache.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { keysAtOnce } from './portions.js';

const closing = closingAfterEach();

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `key ${String(i)}`);

let cache: InMemoryCache;
beforeEach(() => {
  cache = closing(new InMemoryCache({ maxSize: 200_000 }));
});

/** Runs `work`. Returns the most keys that it counted as hits, as misses or as sets in one turn of the event loop. */
async function mostInOneTurn(of: Cache, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const most = { hits: 0, misses: 0, sets: 0 };
  const names = Object.keys(most) as (keyof typeof most)[];
  let before = of.stats();
  let isOver = false;
  const working = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await setImmediate();
    const now = of.stats();
    for (const name of names) most[name] = Math.max(most[name], now[name] - before[name]);
    before = now;
  }
  await working;
  return most;
}

describe('getOrSetMany of very many keys', () => {
  it.each<[number, string, object]>([
    [20_000, 'misses', {}],
    [10_000, 'misses of a caller with a signal', { signal: new AbortController().signal }],
    [10_000, 'misses of a caller with a time-out', { hardTimeout: '5m' }],
    [10_000, 'misses with jitter', { jitter: 0.1 }],
  ])(
    'looks up and stores a portion in one turn of the event loop: %i %s',
    async (count, _, options) => {
      const asked: number[] = [];
      const load = (missing: readonly string[]): readonly string[] => {
        asked.push(missing.length);
        return missing;
      };
      const most = await mostInOneTurn(cache, () => cache.getOrSetMany(keysOf(count), load, options));
      expect(most).toEqual({ hits: 0, misses: keysAtOnce, sets: keysAtOnce });
      expect(asked).toEqual([count]);
      expect(cache.stats()).toMatchObject({ size: count, misses: count, sets: count });
    },
    60_000,
  );

  it('reads a portion of hits in one turn of the event loop once the time of the turn is over', async () => {
    const keys = keysOf(20_000);
    await cache.setMany(keys.map((key) => [key, key] as const));
    let now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
    try {
      const most = await mostInOneTurn(cache, () => cache.getOrSetMany(keys, (missing) => missing));
      // The turn is looked at after the first key, and then after each portion.
      expect(most).toEqual({ hits: keysAtOnce + 1, misses: 0, sets: 0 });
      expect(cache.stats().hits).toBe(20_000);
    } finally {
      jest.restoreAllMocks();
    }
  }, 60_000);
});
