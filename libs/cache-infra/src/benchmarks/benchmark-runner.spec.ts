import { afterEach, describe, expect, it, jest } from '@jest/globals';

import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Loader } from '../cache/contract/options.js';
import { ValidationError } from '../base/errors.js';
import { benchmarkData } from '../testing/benchmark-data.js';
import { CacheSpy } from '../testing/cache-spy.js';
import { withChaos } from '../testing/chaos-cache.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import { CacheBenchmarkRunner } from './benchmark-runner.js';
import type { BenchmarkResult } from './results.js';

const opened: Cache[] = [];
const open = <T extends Cache>(cache: T): T => {
  opened.push(cache);
  return cache;
};
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(opened.splice(0).map((cache) => cache.close()));
});

/** A clock on which every reading is a millisecond after the one before. */
function steppingClock(stepMs = 1): () => number {
  let ms = 0;
  return () => (ms += stepMs);
}

const small: BenchmarkConfigOptions = {
  ...{ defaultIterations: 4, warmupIterations: 1, enableMemoryTracking: false },
};
const runnerWith = (options: BenchmarkConfigOptions = {}, stepMs = 1) =>
  new CacheBenchmarkRunner(new BenchmarkConfig({ ...small, ...options }, {}), { now: steppingClock(stepMs) });

const records = benchmarkData(3);

describe('seed S5.48-53 runBulkSetBenchmark', () => {
  it('seed S5.48 S5.49 S5.50 S5.51 S5.52 S5.53 averages under 50 ms, succeeds always, passes 20 operations per second', async () => {
    const config = new BenchmarkConfig({
      ...{ defaultIterations: 25, warmupIterations: 3, timeoutSeconds: 30 },
      ...{ enableMemoryTracking: true, enableCompressionTests: false },
    });
    const cache = open(new InMemoryCache({ maxSize: 200 }));
    const testData = Array.from({ length: 50 }, (_, index) => ({
      key: `test_key_${index}`,
      value: `test_value_${index}`.repeat(10),
      sizeKb: 0.1,
    }));

    const result = await new CacheBenchmarkRunner(config).runBulkSetBenchmark({
      cache,
      testData,
      iterations: config.defaultIterations,
    });

    expect(result.avgDurationMs).toBeLessThan(50);
    expect(result.successRate).toBe(1);
    expect(result.operationsPerSecond).toBeGreaterThan(20);
    expect(result).toMatchObject({ samples: 25 * 50, operations: 25 * 50, timedOut: false, errors: [] });
    expect(result.memory).toEqual({
      heapMb: expect.any(Number),
      externalMb: expect.any(Number),
      rssMb: expect.any(Number),
    });
  });

  it('times each set, and setMany beside it', async () => {
    const result = await runnerWith().runBulkSetBenchmark({
      cache: open(new InMemoryCache()),
      testData: records,
    });

    expect(result).toMatchObject({
      ...{ name: 'bulk set', cache: 'default', iterations: 4, samples: 12, operations: 12 },
      ...{ avgDurationMs: 1, medianDurationMs: 1, p95DurationMs: 1, p99DurationMs: 1 },
      ...{ minDurationMs: 1, maxDurationMs: 1, standardDeviationMs: 0, operationsPerSecond: 1000 },
    });
    expect(result.parts['setMany']).toMatchObject({ samples: 4, operations: 12, operationsPerSecond: 3000 });
    expect(result.memory).toBeUndefined();
    expect(result.environment).toMatchObject({ node: process.version, clockNs: 1e6 });
  });

  it('stores the given data in its own namespace, and deletes it', async () => {
    const cache = open(new InMemoryCache());
    const spy = new CacheSpy(cache);
    await cache.set('benchmark:0', 'mine');

    await runnerWith({ warmupIterations: 0 }).runBulkSetBenchmark({ cache: spy, testData: { a: 1, b: 2 } });

    const sets = spy.callsOf('set');
    expect(sets.slice(0, 2).map(({ args }) => args)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(sets[0]?.namespace).toEqual([expect.stringMatching(/^benchmark-/)]);
    expect(cache.stats().size).toBe(1);
    expect(await cache.get('benchmark:0')).toBe('mine');
  });

  it('reads its data before it measures, once', async () => {
    const events: string[] = [];
    const testData = [
      {
        key: 'a',
        get value() {
          return events.push('data');
        },
      },
    ];
    const now = steppingClock();
    const runner = new CacheBenchmarkRunner(small, {
      now: () => {
        events.push('clock');
        return now();
      },
    });
    await runner.runBulkSetBenchmark({ cache: open(new InMemoryCache()), testData });
    expect(events.lastIndexOf('data')).toBeLessThan(events.indexOf('clock'));
  });

  it('runs only the given number of operations, plus the warm-up', async () => {
    const spy = new CacheSpy(open(new InMemoryCache()));
    await runnerWith({ warmupIterations: 2 }).runBulkSetBenchmark({
      cache: spy,
      testData: { a: 1 },
      iterations: 9,
    });
    expect(spy.callsOf('set')).toHaveLength(11);
  });
});

describe('seed S1.3 the core of benchmarks', () => {
  it('runBasicOperations times every operation, and checks the answers', async () => {
    const result = await runnerWith().runBasicOperations({
      cache: open(new InMemoryCache()),
      testData: records,
    });
    expect(Object.keys(result.parts)).toEqual(['get, miss', 'set', 'get, hit', 'getOrSet, hit', 'delete']);
    expect(result).toMatchObject({ samples: 60, successRate: 1, hitRatio: 2 / 3 });
    expect(result.blockMediansMs).toEqual([1, 1, 1, 1]);
    expect(result.histogram).toEqual([{ fromMs: 1, toMs: 1, count: 60 }]);
  });

  it('generates data if none is given', async () => {
    const spy = new CacheSpy(open(new InMemoryCache()));
    await runnerWith({ defaultIterations: 1, warmupIterations: 0 }).runBasicOperations({ cache: spy });
    expect(new Set(spy.callsOf('set').map(({ args }) => args[0])).size).toBe(50);
  });

  it('seed S1.12 runMemoryBenchmark says what entries hold, and that deleting frees it', async () => {
    const value = {
      text: 'x'.repeat(1000),
      numbers: Array.from({ length: 20_000 }, (_, index) => index / 3),
    };
    const testData = Array.from({ length: 50 }, (_, index) => ({
      key: `k${index}`,
      value: { ...value, index },
    }));
    const result = await runnerWith({ warmupIterations: 0 }).runMemoryBenchmark({
      cache: open(new InMemoryCache({ maxSize: 40 })),
      testData,
      iterations: 1,
    });
    expect(result.samples).toBe(50);
    expect(result.details['entries']).toBe(40);
    // 20,000 doubles are 160 kB at least: enough to stand out from what else comes and goes in the heap.
    expect(result.retainedMb).toBeGreaterThan((40 * 160_000) / 2 ** 20);
    expect(result.details['bytesPerEntry']).toBeGreaterThan(160_000);
    expect(result.details['leftAfterDeleteMb']).toBeLessThan((result.retainedMb ?? 0) / 2);
  });

  it('runMemoryBenchmark reports 0 bytes per entry for a cache that stores nothing', async () => {
    const cache = open(new InMemoryCache({ enabled: false }));
    const runner = runnerWith({ warmupIterations: 0 });
    const result = await runner.runMemoryBenchmark({ cache, testData: { a: 1 }, iterations: 1 });
    expect(result.details).toMatchObject({ entries: 0, bytesPerEntry: 0 });
  });

  it('runCompressionBenchmark without a cache measures the codec', async () => {
    const runner = runnerWith();
    const result = await runner.runCompressionBenchmark({ testData: { text: 'This repeats. '.repeat(200) } });
    expect(result).toMatchObject({ cache: 'codec', name: 'compression', successRate: 1, samples: 8 });
    expect(Object.keys(result.parts)).toEqual(['encode', 'decode']);
    expect(result.compressionRatio).toBeLessThan(0.1);
    expect(result.hitRatio).toBeUndefined();
    const untouched = await runner.runCompressionBenchmark({
      ...{
        testData: { text: 'This repeats. '.repeat(200) },
        compressionThreshold: 10_000,
        compressionLevel: 1,
      },
    });
    expect(untouched.compressionRatio).toBeUndefined();
  });

  it('runCompressionBenchmark in a cache takes the ratio that the cache counted', async () => {
    const cache = open(new InMemoryCache());
    const plain = await runnerWith().runCompressionBenchmark({ cache, testData: records });
    expect(plain).toMatchObject({ cache: 'default', hitRatio: 1, successRate: 1 });
    expect(plain.compressionRatio).toBeUndefined();

    const spy = new CacheSpy(open(new InMemoryCache()));
    let bytes = 0;
    jest.spyOn(CacheSpy.prototype, 'stats').mockImplementation(() => {
      bytes += 100;
      return { ...cache.stats(), compression: { count: 1, bytesIn: bytes, bytesOut: bytes / 4 } };
    });
    const compressed = await runnerWith().runCompressionBenchmark({ cache: spy, testData: records });
    jest.restoreAllMocks();
    expect(compressed.compressionRatio).toBe(0.25);
  });

  it('runConcurrencyBenchmark mixes reads and writes of several workers', async () => {
    const result = await runnerWith().runConcurrencyBenchmark({
      ...{ cache: open(new InMemoryCache()), testData: records },
      ...{ workers: 3, operationsPerWorker: 10, readShare: 0.7 },
    });
    expect(result).toMatchObject({ samples: 4 * 30, operations: 4 * 30, hitRatio: 1, successRate: 1 });
    expect(result.parts).toMatchObject({ read: { operations: 84 }, write: { operations: 36 } });
    expect(result.parts['read']?.operationsPerSecond).toBeUndefined();
    expect(result.operationsPerSecond).toBeGreaterThan(0);
    expect(result.details).toEqual({ workers: 3, operationsPerWorker: 10, readShare: 0.7 });
  });

  it('runStampedeBenchmark counts the loads', async () => {
    const result = await runnerWith().runStampedeBenchmark({ cache: open(new InMemoryCache()), callers: 20 });
    expect(result).toMatchObject({ samples: 4, operations: 80, successRate: 1 });
    expect(result.details).toEqual({ callers: 20, loadsPerStampede: 1 });
  });

  it('runStampedeBenchmark reports a cache that loads for every caller', async () => {
    class Unprotected extends CacheSpy {
      override async getOrSet<T, S = T>(_key: string, loader: Loader<T, S>): Promise<T> {
        return (loader as () => Promise<T>)();
      }
      override namespace(): this {
        return this;
      }
    }
    const result = await runnerWith().runStampedeBenchmark({
      ...{ cache: new Unprotected(open(new InMemoryCache())), callers: 5 },
    });
    expect(result).toMatchObject({ successRate: 0, samples: 0, errors: ['stampede returned a wrong value'] });
    expect(result.details['loadsPerStampede']).toBe(5);
  });

  it('counts failures, with their reasons, and no duration for them', async () => {
    const cache = withChaos(open(new InMemoryCache()), { onError: 'throw' });
    cache.chaos.failNext('set', 3);
    const result = await runnerWith({ warmupIterations: 0 }).runBulkSetBenchmark({
      ...{ cache, testData: records },
    });
    expect(result).toMatchObject({ samples: 9, successRate: (9 + 4) / (12 + 4) });
    expect(result.errors).toEqual([expect.stringContaining('failNext() was called')]);
  });

  it('keeps the first few different errors only', async () => {
    let calls = 0;
    class Failing extends CacheSpy {
      override async set(): Promise<void> {
        throw calls++ === 0 ? 'no error' : new Error(`failure ${Math.floor(calls / 2)}`);
      }
      override namespace(): this {
        return this;
      }
    }
    const cache = new Failing(open(new InMemoryCache()));
    const runner = runnerWith({ warmupIterations: 0 });
    const { errors } = await runner.runBulkSetBenchmark({ cache, testData: records, iterations: 5 });
    expect(errors).toEqual(['no error', 'failure 1', 'failure 2', 'failure 3', 'failure 4']);
  });

  it('reports a cache that cannot be filled as failed', async () => {
    const cache = withChaos(open(new InMemoryCache()), { onError: 'throw' });
    cache.chaos.down();
    const result = await runnerWith().runConcurrencyBenchmark({ cache, testData: records });
    expect(result).toMatchObject({ successRate: 0, samples: 0, operationsPerSecond: 0, avgDurationMs: 0 });
    expect(result.errors).toEqual([expect.stringContaining('the cache is down')]);
  });

  it('ends a benchmark at its time limit, and says so', async () => {
    const runner = runnerWith({ timeoutSeconds: 1, warmupIterations: 0 }, 10);
    const cache = open(new InMemoryCache());
    const result = await runner.runBulkSetBenchmark({ cache, testData: records, iterations: 10_000 });
    expect(result.timedOut).toBe(true);
    expect(result.samples).toBeGreaterThan(5);
    expect(result.samples).toBeLessThan(100);
    expect(cache.stats().size).toBe(0);
  });

  it('ends a benchmark that hangs, and says so', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask'] });
    const cache = withChaos(open(new InMemoryCache()), { commandTimeout: '2h' });
    cache.chaos.delay('get', '1h');
    cache.chaos.delay('deleteMany', '1h');
    let result: BenchmarkResult | undefined;
    const running = runnerWith({ timeoutSeconds: 3600 }, 0)
      .runBasicOperations({ cache, testData: records })
      .then((ended) => (result = ended));
    await jest.advanceTimersByTimeAsync(3_599_000);
    expect(result).toBeUndefined();
    // And what cannot be tidied up is left to its ttl.
    await jest.advanceTimersByTimeAsync(20_000);
    await running;
    expect(result).toMatchObject({ timedOut: true, samples: 0, successRate: 0 });
  });

  it('reports its progress', async () => {
    const seen: [string, number, number][] = [];
    const runner = new CacheBenchmarkRunner(small, {
      onProgress: ({ label, done, total }) => seen.push([label, done, total]),
    });
    await runner.runBulkSetBenchmark({ cache: open(new InMemoryCache()), testData: records });
    expect(seen).toHaveLength(9);
    expect(seen[0]).toEqual(['default: bulk set', 0, 8]);
    expect(seen.at(-1)).toEqual(['done', 8, 8]);
  });

  it.each<[(runner: CacheBenchmarkRunner, cache: Cache) => Promise<unknown>, string]>([
    [
      (runner, cache) => runner.runBulkSetBenchmark({ cache, iterations: 0 }),
      'iterations must be a positive integer',
    ],
    [
      (runner, cache) => runner.runBulkSetBenchmark({ cache, testData: [] }),
      'testData must hold at least one record',
    ],
    [
      (runner, cache) => runner.runConcurrencyBenchmark({ cache, workers: 1.5 }),
      'workers must be a positive integer',
    ],
    [
      (runner, cache) => runner.runConcurrencyBenchmark({ cache, readShare: 2 }),
      'readShare must be a number from 0 to 1',
    ],
    [
      (runner, cache) => runner.runStampedeBenchmark({ cache, callers: 0 }),
      'callers must be a positive integer',
    ],
    [
      (runner) => runner.runCompressionBenchmark({ compressionLevel: 10 }),
      'compressionLevel must be an integer from 1 to 9',
    ],
  ])('refuses invalid options: %#', async (run, words) => {
    const cache = open(new InMemoryCache());
    await expect(run(runnerWith(), cache)).rejects.toThrow(words);
    await expect(run(runnerWith(), cache)).rejects.toThrow(ValidationError);
  });

  it('accepts a configuration in place of options', () => {
    expect(new CacheBenchmarkRunner({ defaultIterations: 3 }).config.defaultIterations).toBe(3);
    expect(new CacheBenchmarkRunner().config).toBeInstanceOf(BenchmarkConfig);
  });
});
