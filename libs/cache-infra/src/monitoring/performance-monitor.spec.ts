import type { OperationRecord } from '../cache/contract/monitor.js';
import type { CacheStats } from '../cache/contract/stats.js';
import { emptyActivity } from '../cache/observe/activity.js';
import { TruthMeter } from '../cache/observe/truth-meter.js';
import { Counters } from '../cache/observe/counters.js';
import { ValidationError } from '../base/errors.js';
import { CachePerformanceMonitor } from './performance-monitor.js';

/** A cache as the monitor sees it; its counters are set by hand. */
class Source {
  readonly counters = {
    l1Hits: 0,
    l1Misses: 0,
    l2Hits: 0,
    l2Misses: 0,
    l2Errors: 0,
    misses: 0,
    sets: 0,
    deletes: 0,
  };
  readonly compression = { count: 0, bytesIn: 0, bytesOut: 0 };
  readonly journal = { size: 0, bytes: 0, recorded: 0, replayed: 0, dropped: 0, expired: 0, superseded: 0 };
  size = 0;
  broken = false;

  constructor(readonly name = 'default') {}

  stats(): CacheStats {
    if (this.broken) throw new Error('closed');
    const { l1Hits, l1Misses, l2Hits, l2Misses, l2Errors, ...totals } = this.counters;
    const stats = new Counters().snapshot(
      this.name,
      { size: this.size, bytes: 0 },
      this.compression,
      this.journal,
      new TruthMeter(0).snapshot(),
    );
    return {
      ...stats,
      ...totals,
      hits: l1Hits + l2Hits,
      errors: l2Errors,
      l1: { ...stats.l1, hits: l1Hits, misses: l1Misses },
      l2: { ...stats.l2, hits: l2Hits, misses: l2Misses, errors: l2Errors },
    };
  }
}

const call = (record: Partial<OperationRecord> = {}): OperationRecord => ({
  cache: 'default',
  operation: 'get',
  duration: 1,
  key: 'k',
  hit: true,
  tier: 'l1',
  success: true,
  ...record,
});

describe('CachePerformanceMonitor counters', () => {
  it('are read from the attached caches on demand', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    monitor.attach(source);
    Object.assign(source.counters, { l1Hits: 3, l2Hits: 2, misses: 4, sets: 5, deletes: 6 });

    expect(monitor.cacheHits).toBe(5);
    expect(monitor.cacheMisses).toBe(4);
    expect(monitor.totalOperations).toBe(20);
  });

  it('count calls since the cache was attached', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    source.counters.l1Hits = 10;
    monitor.attach(source);
    source.counters.l1Hits = 11;

    expect(monitor.cacheHits).toBe(1);
  });

  it('keep the totals of a detached cache, once', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    const detach = monitor.attach(source);
    source.counters.l1Hits = 7;
    detach();
    detach();
    source.counters.l1Hits = 100;

    expect(monitor.cacheHits).toBe(7);
    expect(monitor.getPerformanceStats().byCache).toEqual([
      expect.objectContaining({ cache: 'default', instances: 0, hits: 7 }),
    ]);
  });

  it('count a cache that is attached twice only once', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    monitor.attach(source);
    monitor.attach(source);
    source.counters.l1Hits = 1;

    expect(monitor.cacheHits).toBe(1);
  });

  it('are summed for caches of the same name', () => {
    const monitor = new CachePerformanceMonitor();
    const [first, second, sessions] = [new Source(), new Source(), new Source('sessions')];
    for (const source of [first, second, sessions]) monitor.attach(source);
    Object.assign(first, { size: 3 });
    Object.assign(second, { size: 4 });
    first.counters.l1Hits = 1;
    second.counters.misses = 1;
    sessions.counters.sets = 5;

    expect(monitor.getPerformanceStats().byCache).toMatchObject([
      { cache: 'default', instances: 2, size: 7, hits: 1, misses: 1, hitRatio: 0.5, operations: 2 },
      { cache: 'sessions', instances: 1, size: 0, sets: 5, hitRatio: 0, operations: 5 },
    ]);
  });

  it('are reported for each tier', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    monitor.attach(source);
    Object.assign(source.counters, { l1Hits: 3, l1Misses: 1, l2Hits: 0, l2Misses: 1, l2Errors: 2 });

    expect(monitor.getPerformanceStats().byTier).toEqual({
      l1: { hits: 3, misses: 1, sets: 0, deletes: 0, errors: 0, hitRatio: 0.75 },
      l2: { hits: 0, misses: 1, sets: 0, deletes: 0, errors: 2, hitRatio: 0 },
    });
  });

  it('keep the last known figures of a cache that cannot be read', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    const detach = monitor.attach(source);
    source.counters.l1Hits = 2;
    expect(monitor.cacheHits).toBe(2);
    source.broken = true;

    expect(monitor.cacheHits).toBe(2);
    detach();
    expect(monitor.cacheHits).toBe(2);
  });

  it('treat a counter below its baseline as restarted from zero', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    source.counters.l1Hits = 10;
    monitor.attach(source);
    source.counters.l1Hits = 4;

    expect(monitor.cacheHits).toBe(4);
  });

  it('include the savings of compression', () => {
    const monitor = new CachePerformanceMonitor();
    const source = new Source();
    monitor.attach(source);
    Object.assign(source.compression, { count: 2, bytesIn: 1000, bytesOut: 250 });

    expect(monitor.getPerformanceStats().compression).toEqual({
      count: 2,
      bytesIn: 1000,
      bytesOut: 250,
      ratio: 0.25,
      savedBytes: 750,
    });
  });

  it('keep a bounded number of names of closed caches', () => {
    const monitor = new CachePerformanceMonitor({ maxSeries: 2 });
    for (let i = 0; i < 100; i++) {
      const source = new Source(`cache-${i}`);
      const detach = monitor.attach(source);
      source.counters.l1Hits = 1;
      detach();
    }

    const { byCache, totals, overflowed } = monitor.getPerformanceStats();

    expect(byCache.map(({ cache, hits }) => [cache, hits])).toEqual([
      ['cache-0', 1],
      ['cache-1', 1],
      ['(other)', 98],
    ]);
    expect(totals.hits).toBe(100);
    expect(overflowed).toBe(98);
  });
});

describe('CachePerformanceMonitor latencies', () => {
  it('are separate for each cache, operation and tier', () => {
    const monitor = new CachePerformanceMonitor();
    monitor.recordCacheOperationTime(call({ duration: 1 }));
    monitor.recordCacheOperationTime(call({ duration: 3 }));
    monitor.recordCacheOperationTime(call({ tier: 'l2', duration: 10 }));
    monitor.recordCacheOperationTime(call({ tier: undefined, hit: false, duration: 20, success: false }));
    monitor.recordCacheOperationTime(call({ cache: 'sessions', operation: 'set', tier: undefined }));

    expect(monitor.getPerformanceStats().latencies).toMatchObject([
      { cache: 'default', operation: 'get', tier: 'l1', count: 2, meanMs: 2, maxMs: 3, failures: 0 },
      { cache: 'default', operation: 'get', tier: 'l2', count: 1, p99Ms: 10, failures: 0 },
      { cache: 'default', operation: 'get', tier: null, count: 1, p50Ms: 20, failures: 1 },
      { cache: 'sessions', operation: 'set', tier: null, count: 1, failures: 0 },
    ]);
  });

  it('do not grow with keys or names of caches (an unbounded series)', () => {
    const monitor = new CachePerformanceMonitor({ maxSeries: 3 });
    for (let i = 0; i < 1000; i++) {
      monitor.recordCacheOperationTime(call({ key: `k${i}` }));
      monitor.recordCacheOperationTime(call({ cache: `cache-${i}`, operation: 'set', tier: undefined }));
    }

    const { latencies, overflowed } = monitor.getPerformanceStats();

    expect(latencies.map(({ cache, operation, count }) => [cache, operation, count])).toEqual([
      ['default', 'get', 1000],
      ['cache-0', 'set', 1],
      ['cache-1', 'set', 1],
      ['(other)', 'set', 998],
    ]);
    expect(overflowed).toBe(998);
  });

  it('include key generation, in total and by operation', () => {
    const monitor = new CachePerformanceMonitor();
    monitor.recordKeyGenerationTime({ cache: 'ai', operation: 'summarize', duration: 2, inputLength: 5000 });
    monitor.recordKeyGenerationTime({ cache: 'ai', operation: 'sentiment', duration: 4, inputLength: 100 });

    expect(monitor.getPerformanceStats().keyGeneration).toMatchObject({
      count: 2,
      meanMs: 3,
      inputLength: 5100,
      byOperation: [
        { cache: 'ai', operation: 'summarize', count: 1, meanMs: 2, inputLength: 5000 },
        { cache: 'ai', operation: 'sentiment', count: 1, meanMs: 4, inputLength: 100 },
      ],
    });
  });

  it('keep a bounded number of key generation series', () => {
    const monitor = new CachePerformanceMonitor({ maxSeries: 1 });
    for (const operation of ['a', 'b', 'c']) {
      monitor.recordKeyGenerationTime({ cache: 'ai', operation, duration: 1, inputLength: 1 });
    }

    expect(monitor.getPerformanceStats().keyGeneration.byOperation).toMatchObject([
      { operation: 'a', count: 1 },
      { operation: '(other)', count: 2 },
    ]);
  });
});

describe('CachePerformanceMonitor report', () => {
  it('has counts by route', () => {
    const monitor = new CachePerformanceMonitor();
    monitor.recordRequest('GET /users/:id', { ...emptyActivity(), hits: 1 });

    expect(monitor.getPerformanceStats().byRoute).toMatchObject([
      { route: 'GET /users/:id', requests: 1, hits: 1 },
    ]);
  });

  it('starts again at zero after reset', () => {
    let now = Date.UTC(2026, 0, 1);
    const monitor = new CachePerformanceMonitor({ clock: { now: () => now } });
    const [open, closed] = [new Source('open'), new Source('closed')];
    monitor.attach(open);
    const detach = monitor.attach(closed);
    open.counters.l1Hits = 5;
    closed.counters.sets = 5;
    detach();
    monitor.recordCacheOperationTime(call());
    monitor.recordKeyGenerationTime({ cache: 'ai', operation: 'a', duration: 1, inputLength: 1 });
    now += 60_000;

    monitor.reset();
    now += 1500;
    open.counters.l1Hits = 6;

    expect(monitor.getPerformanceStats()).toMatchObject({
      since: '2026-01-01T00:01:00.000Z',
      durationSeconds: 1.5,
      totals: { operations: 1, hits: 1, sets: 0 },
      byCache: [{ cache: 'open', hits: 1 }],
      latencies: [],
      keyGeneration: { count: 0, byOperation: [] },
    });
  });

  it('can be converted to JSON and back', () => {
    const monitor = new CachePerformanceMonitor();
    monitor.attach(new Source());
    monitor.recordCacheOperationTime(call({ tier: undefined }));
    const stats = monitor.getPerformanceStats();

    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });

  it('is complete when nothing was attached', () => {
    expect(new CachePerformanceMonitor().getPerformanceStats()).toMatchObject({
      totals: { operations: 0, hitRatio: 0 },
      byCache: [],
      compression: { count: 0, ratio: 1 },
      sampleEvery: 128,
      overflowed: 0,
    });
  });

  it.each([[{ sampleEvery: 0 }], [{ maxSeries: -1 }], [{ clock: 5 as never }]])('refuses %j', (options) => {
    expect(() => new CachePerformanceMonitor(options)).toThrow(ValidationError);
  });
});
