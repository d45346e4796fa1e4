import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { ValidationError } from '../../base/errors.js';
import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { CachePerformanceMonitor } from '../performance-monitor.js';
import { windowNames, windowSteps, type CacheWindow, type WindowName } from './window-report.js';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function made(options: { sampleEvery?: number } = {}) {
  const clock = new ManualClock();
  const monitor = new CachePerformanceMonitor({ clock, ...options });
  const only = (window: WindowName): CacheWindow => {
    const { caches } = monitor.windows(window);
    expect(caches).toHaveLength(1);
    return caches[0] as CacheWindow;
  };
  return { clock, monitor, only, cacheOf: (name?: string) => new InMemoryCache({ monitor, name }) };
}

describe('the windows of a monitor', () => {
  it('count every call, by cache and step', async () => {
    const { clock, only, cacheOf } = made();
    await using cache = cacheOf('web');
    await cache.set('a', 1);
    for (let i = 0; i < 300; i++) await cache.get('a');
    only('1m');
    clock.advance(2);
    only('1m');
    await cache.get('b');

    const { cache: name, counts, hitRatio, series } = only('1m');

    expect(name).toBe('web');
    expect(counts).toMatchObject({ l1Hits: 300, misses: 1, sets: 1, loads: 0 });
    expect(hitRatio).toBe(300 / 301);
    expect(series.l1Hits.slice(-3)).toEqual([300, 0, 0]);
    expect(series.misses.slice(-3)).toEqual([0, 0, 1]);
  });

  it.each(windowNames)('%s has its steps, and forgets what is older', async (window) => {
    const { clock, monitor, only, cacheOf } = made();
    await using cache = cacheOf();
    const { steps, seconds } = windowSteps[window];
    await cache.set('a', 1);
    expect(only(window).counts.sets).toBe(1);

    clock.advance(seconds * (steps - 1));
    expect(only(window).series.sets).toEqual([1, ...new Array<number>(steps - 1).fill(0)]);
    expect(monitor.windows(window)).toMatchObject({
      window,
      stepSeconds: seconds,
      endsAt: clock.now() + seconds * 1000,
    });

    clock.advance(seconds);
    expect(only(window).counts.sets).toBe(0);
  });

  it('sum caches of one name, and keep the counts of a closed one', async () => {
    const { monitor, cacheOf } = made();
    const [first, second] = [cacheOf('shop'), cacheOf('shop')];
    await Promise.all([first, second].map(async (cache) => cache.set('a', 1)));
    await first.close();
    await second.close();

    expect(monitor.windows('1m').caches).toMatchObject([{ cache: 'shop', counts: { sets: 2 } }]);
  });

  it('count loads that failed, callers that joined, and values past their ttl', async () => {
    const { only, cacheOf } = made();
    await using cache = cacheOf();
    const failing = (): Promise<never> => Promise.reject(new Error('origin'));
    await Promise.allSettled([cache.getOrSet('a', failing), cache.getOrSet('a', failing)]);

    expect(only('1m').counts).toMatchObject({ loads: 1, loadErrors: 1, coalesced: 1, misses: 2 });
  });

  it('go on when the clock is set back', async () => {
    let now = Date.UTC(2030, 0, 1);
    const monitor = new CachePerformanceMonitor({ clock: { now: () => now } });
    await using cache = new InMemoryCache({ monitor });
    await cache.set('a', 1);
    monitor.windows('1m');
    now -= 3_600_000;
    await cache.set('b', 1);
    monitor.windows('1m');
    now += 1000;
    await cache.set('c', 1);

    const { caches, endsAt } = monitor.windows('1m');

    expect(caches[0]?.series.sets.slice(-2)).toEqual([3, 0]);
    expect(endsAt).toBe(now + 1000);
    now += 59_000;
    expect(monitor.windows('1m').caches[0]?.counts.sets).toBe(0);
  });

  it('say by what and how fast reads were answered', async () => {
    const { only, cacheOf } = made({ sampleEvery: 1 });
    await using cache = cacheOf();
    await cache.getOrSet('a', () => 1);
    await cache.getOrSet('a', () => 1);
    await cache.get('a');
    await cache.get('b');

    const { latency, p50Series } = only('1m');

    expect(latency).toMatchObject({ l1: { count: 2 }, l2: { count: 0, p50Ms: null }, load: { count: 1 } });
    expect(latency.load.p50Ms).toBeGreaterThan(0);
    expect(p50Series.load).toEqual([...new Array<null>(59).fill(null), latency.load.p50Ms]);
  });

  it('count calls and failures by operation', async () => {
    const { monitor, cacheOf } = made({ sampleEvery: 1 });
    await using cache = cacheOf('shop');
    await cache.get('a');
    await cache.delete('a');
    await cache.getOrSet('a', () => Promise.reject(new Error('origin'))).catch(() => undefined);

    expect(monitor.windows('1h').operations).toMatchObject([
      { cache: 'shop', operation: 'get', calls: 1, failures: 0, count: 1 },
      { cache: 'shop', operation: 'delete', calls: 1, failures: 0 },
      { cache: 'shop', operation: 'getOrSet', calls: 1, failures: 1 },
    ]);
  });

  it('begin again at zero after a reset', async () => {
    const { monitor, only, cacheOf } = made({ sampleEvery: 1 });
    await using cache = cacheOf();
    await cache.set('a', 1);
    await cache.get('a');
    monitor.reset();
    await cache.get('a');

    const { counts, latency } = only('24h');
    expect(counts).toMatchObject({ sets: 0, l1Hits: 1 });
    expect(latency.l1.count).toBe(1);
    expect(monitor.windows('24h').operations).toMatchObject([{ operation: 'get', calls: 1 }]);
  });

  it('are plain data', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf();
    await cache.getOrSet('a', () => 1);
    const report = monitor.windows('5m');

    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('can be turned off', async () => {
    const monitor = new CachePerformanceMonitor({ windows: false });
    await using cache = new InMemoryCache({ monitor });
    await cache.set('a', 1);

    expect(monitor.totalOperations).toBe(1);
    expect(() => monitor.windows('1m')).toThrow(/windows: false/);
  });

  it('refuse a window that there is not, by its name', () => {
    expect(() => new CachePerformanceMonitor().windows('2m' as WindowName)).toThrow(ValidationError);
    expect(() => new CachePerformanceMonitor().windows('2m' as WindowName)).toThrow(/window.*1m.*24h/);
  });

  it('count in the step in which calls are made, without a report, while the process runs', async () => {
    const monitor = new CachePerformanceMonitor();
    await using cache = new InMemoryCache({ monitor });
    const second = Math.floor(Date.now() / 1000);
    await cache.set('a', 1);
    // The timer of the windows ticks at the end of a second.
    while (Math.floor(Date.now() / 1000) < second + 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await cache.set('b', 1);
    const { series } = monitor.windows('1m').caches[0] as CacheWindow;

    expect(sum(series.sets)).toBe(2);
    expect(sum(series.sets.slice(0, -1))).toBe(1);
  });

  it('keep no process alive', async () => {
    const script = `
      await import('./scripts/lib/typescript.mjs');
      const { InMemoryCache, CachePerformanceMonitor } = await import('./libs/cache-infra/src/index.ts');
      const monitor = new CachePerformanceMonitor();
      const cache = new InMemoryCache({ monitor });
      await cache.set('a', 1);
      console.log(monitor.windows('1m').caches[0].counts.sets);
    `;
    // The cache is not closed: a timer that holds the process would run into the time-out.
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
    });

    expect(stdout).toBe('1\n');
  }, 30_000);
});
