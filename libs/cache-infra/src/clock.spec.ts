import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { InMemoryCache } from './cache/in-memory-cache.js';
import { coarseClock, systemClock } from './clock.js';
import { ManualClock } from './manual-clock.js';

/** As a loader that computes: the event loop does not turn. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('systemClock', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('is exact while the event loop stands still, and takes its coarse reading along', () => {
    const start = systemClock.coarse();
    busy(5);
    expect(systemClock.coarse()).toBe(start);
    expect(systemClock.now()).toBeGreaterThanOrEqual(start + 4);
    expect(systemClock.coarse()).toBeGreaterThanOrEqual(start + 4);
  });

  it('notices that Date.now was replaced, by a spy or by fake timers', () => {
    systemClock.coarse();
    jest.spyOn(Date, 'now').mockReturnValue(1234);
    expect(systemClock.coarse()).toBe(1234);
    jest.restoreAllMocks();
    jest.useFakeTimers({ now: 5678 });
    expect(systemClock.coarse()).toBe(5678);
  });

  it('gives another clock its exact reading as the coarse one', () => {
    const clock = new ManualClock(100);
    const { coarse } = coarseClock(clock);
    clock.advance('1s');
    expect(coarse()).toBe(1100);
  });

  it('a value of a loader that computes for longer than its ttl begins to live when it is stored', async () => {
    let now = 1_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    await using cache = new InMemoryCache();
    const compute = (): string => {
      now += 5000;
      return 'done';
    };
    await cache.getOrSet('report', compute, { ttl: '1s' });
    // The event loop turns, and the coarse reading is forgotten.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await cache.get('report')).toBe('done');
  });

  it('an entry outlives a clock that was put ahead and back', async () => {
    await using cache = new InMemoryCache();
    await cache.set('key', 1, 60);
    await cache.get('key');
    jest.useFakeTimers({ now: Date.now() + 3_600_000 });
    await cache.set('other', 2, 60);
    jest.useRealTimers();
    expect(await cache.get('key')).toBe(1);

    const start = Date.now();
    jest.useFakeTimers({ now: start });
    await cache.set('key', 2, 60);
    expect(await cache.get('key')).toBe(2);
    jest.setSystemTime(start + 61_000);
    await cache.set('other', 3, 60);
    jest.setSystemTime(start);
    expect(await cache.get('key')).toBe(2);
  });
});
