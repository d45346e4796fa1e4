import { jest } from '@jest/globals';

import { turn } from '../../../../../test/support/deferred.js';
import { CachePerformanceMonitor } from '../../monitoring/performance-monitor.js';
import type { InMemoryCacheOptions } from '../contract/cache-options.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { CacheMonitor, CacheSource, OperationRecord } from '../contract/monitor.js';

const caches: InMemoryCache[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};

function memory(options: InMemoryCacheOptions): InMemoryCache {
  const cache = new InMemoryCache(options);
  caches.push(cache);
  return cache;
}

/** A monitor that collects its records. */
function recorder(sampleEvery?: number): CacheMonitor & { records: OperationRecord[] } {
  const records: OperationRecord[] = [];
  return {
    records,
    ...(sampleEvery === undefined ? {} : { sampleEvery }),
    recordCacheOperationTime: (record: OperationRecord) => {
      records.push(record);
    },
  };
}

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
  await turn();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

const hurtful: [what: string, hook: (record: OperationRecord) => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('hook');
    },
  ],
  ['rejects', () => Promise.reject(new Error('hook'))],
  ['hangs', () => new Promise(() => undefined)],
  [
    'gives a thenable that rejects',
    () => ({
      then: (_: unknown, reject: (e: Error) => void) => {
        reject(new Error('hook'));
      },
    }),
  ],
  [
    'gives a thenable that throws',
    () => ({
      then: () => {
        throw new Error('hook');
      },
    }),
  ],
  [
    'gives something whose `then` cannot even be read',
    () => ({
      get then(): never {
        throw new Error('hook');
      },
    }),
  ],
];

describe('seed S6.64-69 the monitor', () => {
  it('receives set, then get, with their durations', async () => {
    const monitor = recorder();
    const cache = memory({ monitor, name: 'sessions' });
    await cache.set('key', 'value');
    await cache.get('key');
    expect(monitor.records.map(({ operation }) => operation)).toEqual(['set', 'get']);
    for (const record of monitor.records) {
      expect(record).toMatchObject({ cache: 'sessions', key: 'key', success: true });
      expect(record.duration).toBeGreaterThanOrEqual(0);
    }
  });

  it('may be async, and is not waited for', async () => {
    let calls = 0;
    const monitor: CacheMonitor = {
      recordCacheOperationTime: async () => {
        await turn();
        calls++;
      },
    };
    const cache = memory({ monitor });
    await cache.set('key', 'value');
    expect(calls).toBe(0);
    await turn();
    await turn();
    expect(calls).toBe(1);
  });

  it('need not watch anything: all its methods are optional', async () => {
    const cache = memory({ monitor: { recordKeyGenerationTime: () => undefined } });
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
  });

  it('receives every operation: hit, tier, success', async () => {
    const monitor = recorder();
    const cache = memory({ monitor });
    await cache.set('a', 1);
    await cache.setMany([['b', 2]]);
    await cache.get('a');
    await cache.get('x');
    await cache.getMany(['a', 'b']);
    await cache.getMany(['a', 'x']);
    await cache.getOrSet('a', () => 1);
    await cache.getOrSet('c', () => 1);
    await cache.getOrSet('d', () => Promise.reject(new Error('down'))).catch(() => undefined);
    await cache.has('a');
    await cache.ttl('a');
    await cache.delete('a');
    await cache.deleteMany(['b']);
    await cache.invalidateTags('t');
    await cache.invalidatePattern('*');
    await cache.clear();
    await cache.get('').catch(() => undefined);
    const rows = monitor.records.map(({ operation, key, hit, tier, success }) => [
      operation,
      key,
      hit,
      tier,
      success,
    ]);
    expect(rows).toEqual([
      ['set', 'a', undefined, undefined, true],
      ['setMany', undefined, undefined, undefined, true],
      ['get', 'a', true, 'l1', true],
      ['get', 'x', false, undefined, true],
      ['getMany', undefined, true, 'l1', true],
      ['getMany', undefined, false, 'l1', true],
      ['getOrSet', 'a', true, 'l1', true],
      ['getOrSet', 'c', false, undefined, true],
      ['getOrSet', 'd', false, undefined, false],
      ['has', 'a', undefined, undefined, true],
      ['ttl', 'a', undefined, undefined, true],
      ['delete', 'a', undefined, undefined, true],
      ['deleteMany', undefined, undefined, undefined, true],
      ['invalidateTags', undefined, undefined, undefined, true],
      ['invalidatePattern', undefined, undefined, undefined, true],
      ['clear', undefined, undefined, undefined, true],
      ['get', '', undefined, undefined, false],
    ]);
  });

  it.each(hurtful)(
    'guarantee 9: a monitor that %s hurts no operation',
    async (_, recordCacheOperationTime) => {
      const cache = memory({ monitor: { recordCacheOperationTime } });
      await cache.set('key', 'value');
      expect(await cache.get('key')).toBe('value');
      expect(await cache.getOrSet('key', () => 'other')).toBe('value');
      await turn();
    },
  );

  it('times every call by default; with sampleEvery a fraction of L1 hits and plain sets, and all others', async () => {
    const monitor = recorder(10);
    const cache = memory({ monitor });
    await cache.set('key', 'value');
    for (let i = 0; i < 100; i++) await cache.get('key');
    expect(monitor.records.filter(({ operation }) => operation === 'get')).toHaveLength(10);
    for (let i = 0; i < 5; i++) await cache.get('missing');
    for (let i = 0; i < 10; i++) await cache.set('key', 'value');
    expect(monitor.records.filter(({ hit }) => hit === false)).toHaveLength(5);
    // The first and the eleventh.
    expect(monitor.records.filter(({ operation }) => operation === 'set')).toHaveLength(2);
    await cache.set('key', 'value', { tags: ['tag'] });
    expect(monitor.records.filter(({ operation }) => operation === 'set')).toHaveLength(3);
    expect(cache.stats()).toMatchObject({ hits: 100, misses: 5, sets: 12 });
  });

  it('sampling applies to getOrSet hits as well, and changes no result', async () => {
    const monitor = recorder(4);
    const cache = memory({ monitor });
    const values = [];
    for (let i = 0; i < 9; i++) values.push(await cache.getOrSet('key', () => ({ loaded: i })));
    expect(values).toEqual(Array.from({ length: 9 }, () => ({ loaded: 0 })));
    expect(monitor.records.filter(({ hit }) => hit === true)).toHaveLength(2);
    expect(cache.stats()).toMatchObject({ hits: 8, misses: 1, loads: 1 });
  });

  it('sampled hits still expire, are invalidated and deleted as others', async () => {
    let now = 0;
    const cache = memory({ monitor: recorder(1000), advanced: { clock: { now: () => now } } });
    await cache.set('expires', 1, 1);
    await cache.set('tagged', 1, { tags: ['t'] });
    await cache.set('deleted', 1);
    for (const key of ['expires', 'tagged', 'deleted']) expect(await cache.get(key)).toBe(1);
    now = 1000;
    await cache.invalidateTags('t');
    await cache.delete('deleted');
    for (const key of ['expires', 'tagged', 'deleted']) {
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.getOrSet(key, () => 2)).toBe(2);
    }
  });

  it('is attached once, pulls exact counters, and is detached by close', async () => {
    const sources: CacheSource[] = [];
    const detach = jest.fn();
    const attach = (source: CacheSource): (() => void) => {
      sources.push(source);
      return detach;
    };
    const cache = memory({ name: 'sessions', monitor: { attach } });
    await cache.set('key', 1);
    await cache.namespace('users').get('key');
    expect(sources).toHaveLength(1);
    expect(sources[0]?.name).toBe('sessions');
    expect(sources[0]?.stats()).toMatchObject({ sets: 1, misses: 1 });
    expect(detach).not.toHaveBeenCalled();
    await cache.close();
    await cache.close();
    expect(detach).toHaveBeenCalledTimes(1);
  });

  it('guarantee 9: an attach or detach that throws fails no operation', async () => {
    const throws = (): never => {
      throw new Error('hook');
    };
    await memory({ monitor: { attach: throws } }).set('key', 1);
    await expect(memory({ monitor: { attach: () => throws } }).close()).resolves.toBeUndefined();
  });

  it('seed S4.44-46 a CachePerformanceMonitor counts set, hit and miss of a memory cache', async () => {
    const monitor = new CachePerformanceMonitor();
    const cache = memory({ monitor });
    await cache.set('key', 'value');
    await cache.get('key');
    await cache.get('missing');
    expect(monitor.totalOperations).toBeGreaterThanOrEqual(3);
    expect(monitor.cacheHits).toBe(1);
    expect(monitor.cacheMisses).toBe(1);
  });
});

describe('seed S6.70-72 the onOperation hook', () => {
  it.each(hurtful)('that %s breaks nothing and was called', async (_, hook) => {
    const onOperation = jest.fn(hook);
    const cache = memory({ onOperation });
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
    await expect(cache.getOrSet('x', () => Promise.reject(new Error('loader')))).rejects.toThrow('loader');
    expect(onOperation.mock.calls.map(([record]) => record.operation)).toEqual(['set', 'get', 'getOrSet']);
  });

  it('receives every hit, whatever the monitor samples', async () => {
    const onOperation = jest.fn();
    const cache = memory({ onOperation, monitor: recorder(100) });
    await cache.set('key', 1);
    for (let i = 0; i < 10; i++) await cache.get('key');
    expect(onOperation).toHaveBeenCalledTimes(11);
  });

  it('is called after the operation has ended', async () => {
    const order: string[] = [];
    const cache = memory({
      onOperation: ({ operation, success }) => order.push(`${operation} ${String(success)}`),
    });
    const loaded = cache.getOrSet('key', async () => {
      await turn();
      order.push('loading');
      return 1;
    });
    await loaded;
    expect(order).toEqual(['loading', 'getOrSet true']);
  });
});
