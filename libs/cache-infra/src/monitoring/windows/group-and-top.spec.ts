import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { emptyActivity } from '../../cache/observe/activity.js';
import { CachePerformanceMonitor } from '../performance-monitor.js';

function made(sampleEvery = 1) {
  const clock = new ManualClock();
  const monitor = new CachePerformanceMonitor({ clock, sampleEvery });
  return {
    clock,
    monitor,
    cacheOf: (name?: string) => new InMemoryCache({ monitor, name, maxSize: 100_000 }),
  };
}

/** Before every 200th call: more than 256 calls of one second are sampled. */
function nextSecond(clock: ManualClock, monitor: CachePerformanceMonitor, call: number): void {
  if (call % 200 !== 199) return;
  clock.advance(1);
  // A report reads the clock.
  monitor.windows('1m');
}

describe('groups of keys', () => {
  it('have reads and loads, most loads first', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf('shop');
    for (let i = 0; i < 3; i++) await cache.getOrSet(`user:${i}`, () => i);
    await cache.getOrSet('user:1', () => 1);
    await cache.getOrSet('page:1', () => Promise.reject(new Error('origin'))).catch(() => undefined);

    expect(monitor.windows('1m').groups).toMatchObject([
      { cache: 'shop', group: 'user:*', hits: 1, misses: 3, loads: 3, loadErrors: 0, hitRatio: 0.25 },
      { cache: 'shop', group: 'page:*', hits: 0, misses: 1, loads: 1, loadErrors: 1, hitRatio: 0 },
    ]);
  });

  it('count the loads of many keys, and the time in loaders', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf();
    await cache.getOrSetMany(['user:1', 'user:2'], (keys) => new Map(keys.map((key) => [key, 1])));
    await cache.getOrSet('slow:1', async () => {
      const start = performance.now();
      while (performance.now() < start + 2) await Promise.resolve();
      return 1;
    });

    const { groups } = monitor.windows('1m');
    expect(groups).toMatchObject([
      { group: 'user:*', loads: 2 },
      { group: 'slow:*', loads: 1 },
    ]);
    expect(groups[1]?.loadMs).toBeGreaterThanOrEqual(1.9);
  });

  it('estimate sampled hits, also where misses come between', async () => {
    const { clock, monitor, cacheOf } = made(16);
    await using cache = cacheOf();
    await cache.set('user:1', 1);
    for (let i = 0; i < 1600; i++) {
      nextSecond(clock, monitor, i);
      await cache.get('user:1');
      if (i % 7 === 0) await cache.get(`gone:${i}`);
    }

    const groups = new Map(monitor.windows('1m').groups.map((each) => [each.group, each]));
    expect(groups.get('gone:*')).toMatchObject({ misses: 229, hits: 0 });
    expect(groups.get('user:*')?.hits).toBeGreaterThan(1300);
    expect(groups.get('user:*')?.hits).toBeLessThan(1900);
  });

  it('are bounded: sums stay exact, and a group that becomes frequent gets in', async () => {
    const { clock, monitor, cacheOf } = made();
    await using cache = cacheOf();
    const word = (i: number): string => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let i = 0; i < 10_000; i++) {
      nextSecond(clock, monitor, i);
      await cache.get(i < 5000 ? word(i) : 'frequent:1');
    }

    const { groups } = monitor.windows('1m');
    expect(groups.length).toBeLessThanOrEqual(101);
    expect(groups.reduce((sum, { misses }) => sum + misses, 0)).toBe(10_000);
    expect(groups.find(({ group }) => group === 'frequent:*')?.misses).toBeGreaterThan(4000);
  });
});

describe('the top keys', () => {
  it('are those that are read most, with their share', async () => {
    const { clock, monitor, cacheOf } = made();
    await using cache = cacheOf('shop');
    await cache.set('hot', 1);
    for (let i = 0; i < 3000; i++) {
      nextSecond(clock, monitor, i);
      await cache.get(i % 3 === 0 ? 'hot' : `cold:${i}`);
    }

    const [first] = monitor.windows('1m').topKeys;
    expect(first).toMatchObject({ cache: 'shop', key: 'hot' });
    expect(first?.share).toBeGreaterThan(0.3);
    expect(first?.share).toBeLessThanOrEqual(1 / 3);
  });

  it('leave a window when they are no longer read', async () => {
    const { clock, monitor, cacheOf } = made();
    await using cache = cacheOf();
    for (let i = 0; i < 100; i++) await cache.get('yesterday');
    monitor.windows('1m');
    clock.advance(61);
    monitor.windows('1m');
    await cache.get('today');

    expect(monitor.windows('1m').topKeys.map(({ key }) => key)).toEqual(['today']);
    expect(monitor.windows('1h').topKeys.map(({ key }) => key)).toEqual(['yesterday', 'today']);
  });

  it('name their namespaces, and the keys of two namespaces count apart', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf();
    const inner = cache.namespace('eu/west').namespace('http');
    for (let i = 0; i < 3; i++) await inner.get('a');
    for (let i = 0; i < 2; i++) await cache.get('a');
    await cache.get('\0odd\0key');

    const named = monitor.windows('1m').topKeys.map(({ namespaces, key, reads }) => [namespaces, key, reads]);
    expect(named).toEqual([
      [['eu/west', 'http'], 'a', 3],
      [[], 'a', 2],
      [[], '\0odd\0key', 1],
    ]);
  });

  it('are cut where they are long', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf();
    await cache.get('x'.repeat(900));

    expect(monitor.windows('1m').topKeys[0]?.key).toBe(`${'x'.repeat(120)}…`);
  });

  it('of tags are those that are invalidated most', async () => {
    const { monitor, cacheOf } = made();
    await using cache = cacheOf('shop');
    await cache.invalidateTags('users');
    await cache.invalidateTags('users', 'orders');
    await cache.expireTags('users');

    expect(monitor.windows('5m').topTags).toEqual([
      { cache: 'shop', tag: 'users', invalidations: 3 },
      { cache: 'shop', tag: 'orders', invalidations: 1 },
    ]);
  });
});

describe('routes', () => {
  it('have the requests of the monitoring interceptor, or of the HTTP cache', () => {
    const { monitor } = made();
    monitor.recordRequest('GET /a', { ...emptyActivity(), hits: 2, misses: 1, loads: 1, loadMs: 1.5 });
    monitor.recordHttpRequest('GET /a', 'hit');
    monitor.recordHttpRequest('GET /b', 'hit');
    monitor.recordHttpRequest('GET /b', 'miss');

    expect(monitor.windows('1m').routes).toEqual([
      { route: 'GET /b', requests: 2, hits: 1, misses: 1, loads: 0, loadMs: 0, hitRatio: 0.5 },
      { route: 'GET /a', requests: 1, hits: 2, misses: 1, loads: 1, loadMs: 1.5, hitRatio: 2 / 3 },
    ]);
  });

  it('are bounded', () => {
    const { monitor } = made();
    for (let i = 0; i < 1000; i++) monitor.recordHttpRequest(`GET /${i}`, 'hit');

    const { routes } = monitor.windows('1m');
    expect(routes.length).toBeLessThanOrEqual(49);
    expect(routes.reduce((sum, { requests }) => sum + requests, 0)).toBe(1000);
  });
});
