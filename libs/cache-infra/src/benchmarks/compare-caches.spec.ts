import { afterEach, describe, expect, it, jest } from '@jest/globals';

import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Loader, LoadOptions, Ttl } from '../cache/contract/options.js';
import { CacheSpy } from '../testing/cache-spy.js';
import { withChaos } from '../testing/chaos-cache.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import { CacheBenchmarkRunner } from './benchmark-runner.js';
import type { CacheComparison, CacheComparisonOptions } from './cache-comparison.js';
import { ConfigPresets } from './config-presets.js';

const opened: Cache[] = [];
const open = <T extends Cache>(cache: T): T => {
  opened.push(cache);
  return cache;
};
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(opened.splice(0).map((cache) => cache.close()));
});

/** A clock that only goes on when something costs time. */
class Machine {
  ms = 0;
  readonly now = (): number => (this.ms += 0.001);
  readonly spend = (ms: number): void => {
    this.ms += ms;
  };
}

const small: BenchmarkConfigOptions = { defaultIterations: 20, warmupIterations: 5 };

function setUp(options: BenchmarkConfigOptions = {}) {
  const machine = new Machine();
  const config = ConfigPresets.ciConfig({ ...small, ...options }, {});
  const runner = new CacheBenchmarkRunner(config, { now: machine.now });
  const load: CacheComparisonOptions['load'] = ({ value }) => {
    machine.spend(1);
    return value;
  };
  return { machine, runner, load };
}

/** A cache in which every call costs so much. */
class Costing extends CacheSpy {
  constructor(
    private readonly machine: Machine,
    private readonly costMs: () => number,
  ) {
    super(open(new InMemoryCache()));
  }
  override async getOrSet<T, S = T>(
    key: string,
    loader: Loader<T, S>,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    this.machine.spend(this.costMs());
    return super.getOrSet(key, loader, options);
  }
  override namespace(): this {
    return this;
  }
}

describe('seed S5.60-63 runCacheComparison', () => {
  it('seed S5.60 S5.61 S5.62 S5.63 a larger cache is faster when only it holds the working set, and misses cost', async () => {
    const { runner, load } = setUp();

    const comparison = await runner.runCacheComparison({
      originalCache: open(new InMemoryCache({ name: 'small', maxSize: 50 })),
      newCache: open(new InMemoryCache({ name: 'large', maxSize: 100 })),
      testSuiteName: 'regression_test',
      load,
    });

    expect(comparison.regressionDetected).toBe(false);
    expect(comparison.performanceChangePercent).toBeLessThan(0);
    expect(comparison).toMatchObject({
      ...{ testSuiteName: 'regression_test', improvementDetected: true, severity: 'none' },
      ...{ rounds: 20, workingSet: 100, successRate: 1, timedOut: false, errors: [] },
      original: { cache: 'small', maxSize: 50 },
      changed: { cache: 'large', maxSize: 100 },
    });
    expect(comparison.changed.hitRatio).toBeGreaterThan(comparison.original.hitRatio);
    expect(comparison.changed.operationsPerSecond).toBeGreaterThan(comparison.original.operationsPerSecond);
  });

  it('seed S5.60 a smaller new cache is a regression', async () => {
    const { runner, load } = setUp();
    const comparison = await runner.runCacheComparison({
      originalCache: open(new InMemoryCache({ maxSize: 100 })),
      newCache: open(new InMemoryCache({ maxSize: 50 })),
      testSuiteName: 'smaller',
      load,
    });
    expect(comparison).toMatchObject({ regressionDetected: true, severity: 'critical' });
    expect(comparison.confidenceInterval.lowPercent).toBeGreaterThan(25);
  });

  it('seed S5.59 a larger cache is faster with the default load, too', async () => {
    const runner = new CacheBenchmarkRunner(ConfigPresets.ciConfig({ ...small, defaultIterations: 8 }, {}));
    const comparison = await runner.runCacheComparison({
      originalCache: open(new InMemoryCache({ maxSize: 50 })),
      newCache: open(new InMemoryCache({ maxSize: 100 })),
      testSuiteName: 'regression_test',
    });
    expect(comparison.regressionDetected).toBe(false);
    expect(comparison.performanceChangePercent).toBeLessThan(0);
  });

  it('a cache compared with itself is not a regression', async () => {
    const { runner, load } = setUp();
    const cache = open(new InMemoryCache({ maxSize: 300 }));
    const comparison = await runner.runCacheComparison({
      ...{ originalCache: cache, newCache: cache, testSuiteName: 'itself', load },
    });
    expect(comparison).toMatchObject({ regressionDetected: false, workingSet: 150 });
    expect(Math.abs(comparison.performanceChangePercent)).toBeLessThan(5);
    expect(cache.stats().size).toBe(0);
  });

  it('runs original, new, new, original, so that a slowing machine favours neither', async () => {
    const { machine, runner } = setUp();
    let cost = 1;
    // Every call costs a little more than the one before.
    const slowing = () => (cost *= 1.0005);
    const calls: string[] = [];
    const side = (name: string) =>
      new Costing(machine, () => {
        calls.push(name);
        return slowing();
      });
    const comparison = await runner.runCacheComparison({
      ...{ originalCache: side('a'), newCache: side('b'), testSuiteName: 'drift', operationsPerRound: 2 },
      testData: { x: 1, y: 2 },
    });
    expect(calls.slice(0, 8).join('')).toBe('aabbbbaa');
    expect(Math.abs(comparison.performanceChangePercent)).toBeLessThan(0.01);
  });

  it('finds a cache that is a fifth slower', async () => {
    const { machine, runner } = setUp();
    const comparison = await runner.runCacheComparison({
      originalCache: new Costing(machine, () => 1),
      newCache: new Costing(machine, () => 1.2),
      ...{ testSuiteName: 'slower', iterations: 10, testData: { x: 1 } },
    });
    expect(comparison).toMatchObject({ regressionDetected: true, severity: 'warning', rounds: 10 });
    expect(comparison.performanceChangePercent).toBeCloseTo(20, 0);
  });

  it('detects nothing when detection is off', async () => {
    const { machine, runner } = setUp({ enableRegressionDetection: false });
    const comparison = await runner.runCacheComparison({
      originalCache: new Costing(machine, () => 1),
      newCache: new Costing(machine, () => 9),
      ...{ testSuiteName: 'off', testData: { x: 1 } },
    });
    expect(comparison).toMatchObject({ regressionDetected: false, severity: 'none' });
    expect(comparison.performanceChangePercent).toBeGreaterThan(100);
  });

  it('reports rounds in which a call fails, and does not count them', async () => {
    const { runner } = setUp({ warmupIterations: 1 });
    const failing = withChaos(open(new InMemoryCache()), { onError: 'throw' });
    failing.chaos.failNext('getOrSet', 6);
    const comparison = await runner.runCacheComparison({
      ...{ originalCache: failing, newCache: open(new InMemoryCache()), testSuiteName: 'failing' },
      testData: { x: 1 },
    });
    // One of the failures was in the warm-up.
    expect(comparison).toMatchObject({ rounds: 15, successRate: 0.75 });
    expect(comparison.errors).toEqual([expect.stringContaining('failNext() was called')]);
  });

  it('has no result if every call fails', async () => {
    const { runner } = setUp();
    const down = withChaos(open(new InMemoryCache()), { onError: 'throw' });
    down.chaos.down();
    const comparison = await runner.runCacheComparison({
      ...{ originalCache: down, newCache: down, testSuiteName: 'down', testData: { x: 1 } },
    });
    expect(comparison).toMatchObject({ rounds: 0, successRate: 0, regressionDetected: false });
    expect(comparison.original).toMatchObject({ operationsPerSecond: 0, hitRatio: 0 });
  });

  it('ends at its time limit, with the rounds so far', async () => {
    const { machine, runner } = setUp({ timeoutSeconds: 1, warmupIterations: 0 });
    const costing = () => new Costing(machine, () => 1);
    const comparison = await runner.runCacheComparison({
      ...{ originalCache: costing(), newCache: costing(), testSuiteName: 'slow', testData: { x: 1 } },
    });
    expect(comparison.timedOut).toBe(true);
    expect(comparison.rounds).toBe(2);
  });

  it('ends a comparison that hangs', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask'] });
    const { runner } = setUp({ timeoutSeconds: 60 });
    const hung = withChaos(open(new InMemoryCache()), { commandTimeout: '2h' });
    hung.chaos.delay('getOrSet', '1h');
    let comparison: CacheComparison | undefined;
    const running = runner
      .runCacheComparison({
        ...{ originalCache: hung, newCache: hung, testSuiteName: 'hung', testData: { x: 1 } },
      })
      .then((ended) => (comparison = ended));
    await jest.advanceTimersByTimeAsync(59_000);
    expect(comparison).toBeUndefined();
    await jest.advanceTimersByTimeAsync(10_000);
    await running;
    expect(comparison).toMatchObject({ timedOut: true, rounds: 0 });
    // What hung comes back later, and changes nothing.
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(comparison?.rounds).toBe(0);
  });

  it.each([
    [{ iterations: 0 }, 'iterations must be a positive integer'],
    [{ operationsPerRound: -1 }, 'operationsPerRound must be a positive integer'],
    [{ testData: [] }, 'testData must hold at least one record'],
  ])('refuses %j', async (options, words) => {
    const cache = open(new InMemoryCache());
    const { runner } = setUp();
    await expect(
      runner.runCacheComparison({ originalCache: cache, newCache: cache, testSuiteName: 'x', ...options }),
    ).rejects.toThrow(words);
  });
});
