import { jest } from '@jest/globals';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { OperationRecord } from '../cache/contract/monitor.js';
import { composeCallbacks } from './compose-callbacks.js';
import { CachePerformanceMonitor } from './performance-monitor.js';

describe('seed S4.44 S4.45 S4.46 after a set, a hit and a miss on a memory cache', () => {
  it('the monitor has counted them', async () => {
    const monitor = new CachePerformanceMonitor();
    await using cache = new InMemoryCache({ monitor });
    await cache.set('key', 'value');
    await cache.get('key');
    await cache.get('nonexistent');

    expect(monitor.totalOperations).toBe(3);
    expect(monitor.cacheHits).toBe(1);
    expect(monitor.cacheMisses).toBe(1);
  });

  it('counters are exact, however few hits are timed', async () => {
    const monitor = new CachePerformanceMonitor({ sampleEvery: 64 });
    await using cache = new InMemoryCache({ monitor });
    await cache.set('key', 'value');
    for (let i = 0; i < 1000; i++) await cache.get('key');

    const { latencies } = monitor.getPerformanceStats();
    const timed = latencies.find(({ operation, tier }) => operation === 'get' && tier === 'l1')?.count ?? 0;

    expect(monitor.cacheHits).toBe(1000);
    expect(timed).toBeGreaterThan(0);
    expect(timed).toBeLessThan(100);
  });

  it('the totals outlive the cache', async () => {
    const monitor = new CachePerformanceMonitor();
    const cache = new InMemoryCache({ monitor });
    await cache.set('key', 'value');
    await cache.close();

    expect(monitor.getPerformanceStats().byCache).toMatchObject([
      { cache: 'default', instances: 0, sets: 1 },
    ]);
  });
});

describe('seed S6.64-69 a cache takes a monitor', () => {
  it('that is called for the set, then for the get, with operation and duration', async () => {
    const recordCacheOperationTime = jest.fn((_record: OperationRecord) => Promise.resolve());
    await using cache = new InMemoryCache({
      maxSize: 100,
      defaultTtl: 3600,
      monitor: { recordCacheOperationTime },
    });
    await cache.set('callback_test', 'value');
    await cache.get('callback_test');

    const records = recordCacheOperationTime.mock.calls.map(([record]) => record);
    expect(records).toMatchObject([
      {
        cache: 'default',
        operation: 'set',
        key: 'callback_test',
        duration: expect.any(Number),
        success: true,
      },
      {
        cache: 'default',
        operation: 'get',
        key: 'callback_test',
        duration: expect.any(Number),
        hit: true,
        tier: 'l1',
      },
    ]);
  });

  it('that may throw, reject or hang', async () => {
    const recordCacheOperationTime = jest
      .fn<(record: OperationRecord) => unknown>()
      .mockImplementationOnce(() => {
        throw new Error('monitor');
      })
      .mockImplementationOnce(() => Promise.reject(new Error('monitor')))
      .mockImplementation(() => new Promise(() => undefined));
    await using cache = new InMemoryCache({ monitor: { recordCacheOperationTime } });
    await cache.set('key', 'value');
    await cache.get('key');

    expect(await cache.get('key')).toBe('value');
    expect(recordCacheOperationTime).toHaveBeenCalledTimes(3);
  });

  it('that measures key generation too', () => {
    const monitor = new CachePerformanceMonitor();
    monitor.recordKeyGenerationTime({ cache: 'ai', operation: 'summarize', duration: 1, inputLength: 10 });

    expect(monitor.getPerformanceStats().keyGeneration.count).toBe(1);
  });
});

describe('seed S6.73 composed hooks', () => {
  it('run on every operation, and fail none', async () => {
    const counted = jest.fn();
    const broken = jest.fn(() => Promise.reject(new Error('hook')));
    await using cache = new InMemoryCache({
      onOperation: composeCallbacks<[OperationRecord]>(broken, counted),
    });
    await cache.set('key', 'value');

    expect(await cache.get('key')).toBe('value');
    expect(broken).toHaveBeenCalledTimes(2);
    expect(counted).toHaveBeenCalledTimes(2);
  });
});
