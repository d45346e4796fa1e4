import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cacheClock, coarseClock, SteadyClock } from './clock.js';
import { ManualClock } from './manual-clock.js';

/** As a loader that computes: the event loop does not turn. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('cacheClock', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('is exact while the event loop is blocked, and updates its coarse reading', () => {
    const start = cacheClock.coarse();
    busy(5);
    expect(cacheClock.now()).toBeGreaterThanOrEqual(start + 4);
    expect(cacheClock.coarse()).toBeGreaterThanOrEqual(start + 4);
  });

  it('notices that Date.now was replaced, by a spy or by fake timers', () => {
    cacheClock.coarse();
    jest.spyOn(Date, 'now').mockReturnValue(1234);
    expect(cacheClock.coarse()).toBe(1234);
    jest.restoreAllMocks();
    jest.useFakeTimers({ now: 5678 });
    expect(cacheClock.coarse()).toBe(5678);
  });

  it('T18: a loop that awaits nothing but hits sees an entry end', async () => {
    await using cache = new InMemoryCache();
    await cache.set('rate', 'old', '20ms');
    // One batch job, in which no timer runs.
    const giveUp = performance.now() + 2000;
    let isHit = true;
    while (isHit && performance.now() < giveUp) isHit = (await cache.get('rate')) !== undefined;
    expect(isHit).toBe(false);
  });

  it('T18: a coarse reading serves at most 63 more reads, however much time passes', () => {
    const first = cacheClock.coarse();
    busy(5);
    let readings = 1;
    while (readings < 1000 && cacheClock.coarse() === first) readings++;
    expect(readings).toBeLessThanOrEqual(64);
  });

  it.each(['first', 'second', 'third'])(
    'T19: with fake timers that come and go, an entry ends in the %s test, too',
    async () => {
      jest.useFakeTimers();
      const cache = new InMemoryCache();
      await cache.set('key', 1, '1s');
      expect(await cache.get('key')).toBe(1);
      jest.advanceTimersByTime(2000);
      expect(await cache.get('key')).toBeUndefined();
      await cache.close();
      jest.useRealTimers();
    },
  );

  it('T19: an entry ends when fake time is set without a timer running', async () => {
    jest.useFakeTimers({ now: 1_000_000 });
    const cache = new InMemoryCache();
    await cache.set('key', 1, '1s');
    expect(await cache.get('key')).toBe(1);
    jest.setSystemTime(1_002_000);
    expect(await cache.get('key')).toBeUndefined();
    await cache.close();
  });

  it('T19: an entry ends by the real clock, while timers are fake and never run', async () => {
    jest.useFakeTimers({ doNotFake: ['Date', 'performance'] });
    const cache = new InMemoryCache();
    await cache.set('key', 1, '5ms');
    await cache.get('key');
    busy(10);
    expect(await cache.get('key')).toBeUndefined();
    await cache.close();
  });

  it('uses the exact reading of another clock as the coarse one', () => {
    const clock = new ManualClock(100);
    const { coarse } = coarseClock(clock);
    clock.advance('1s');
    expect(coarse()).toBe(1100);
  });

  it('the ttl of a value starts when it is stored, also if its loader computed for longer', async () => {
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

describe('SteadyClock', () => {
  const hour = 3_600_000;

  /** A wall clock that can be set, beside one that only goes forward. */
  function settable(): { clock: SteadyClock; pass(ms: number): void; set(byMs: number): void } {
    let [wall, monotonic] = [1_000_000_000, 500];
    return {
      clock: new SteadyClock({ wall: () => wall, monotonic: () => monotonic }),
      pass: (ms) => {
        wall += ms;
        monotonic += ms;
      },
      set: (byMs) => {
        wall += byMs;
      },
    };
  }

  it('equals the wall clock, as long as the wall clock is not set', () => {
    const { clock, pass } = settable();
    pass(hour);
    expect(clock.now()).toBe(1_000_000_000 + hour);
  });

  it.each([
    ['at once', 0, 0],
    ['a moment after it was read', 50, 0],
    ['long after it was read', hour, 0],
    ['long before it is read again', 0, 3 * hour],
  ])('T20: continues when the wall clock is set back, %s', (_, before, after) => {
    const { clock, pass, set } = settable();
    const start = clock.now();
    pass(before);
    set(-2 * hour);
    pass(after);
    expect(clock.now()).toBe(start + before + after);
  });

  it('T20: follows a wall clock that is set ahead: the machine may have slept', () => {
    const { clock, set } = settable();
    const start = clock.now();
    set(hour);
    expect(clock.now()).toBe(start + hour);
  });

  it.each([
    ['a bare value', {}],
    ['with a grace and tags', { grace: 60, tags: ['tag'] }],
  ])('T20: an entry in memory lives no longer when the wall clock is set back: %s', async (_, options) => {
    const { clock, pass, set } = settable();
    await using cache = new InMemoryCache({ advanced: { clock } });
    await cache.set('key', 1, { ttl: 60, ...options });
    pass(30_000);
    set(-2 * hour);
    pass(29_999);
    expect(await cache.get('key')).toBe(1);
    pass(1);
    expect(await cache.get('key')).toBeUndefined();
  });
});
