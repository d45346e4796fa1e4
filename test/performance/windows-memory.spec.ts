import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import {
  CachePerformanceMonitor,
  InMemoryCache,
  type CacheOperation,
  type CacheSource,
  type OperationRecord,
} from 'nestjs-cache-infra';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const operations: readonly CacheOperation[] = [
  'get',
  'getOrSet',
  'set',
  'delete',
  'getMany',
  'has',
  'ttl',
  'keys',
];
const limit = 5 * 2 ** 20;

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const cacheCount = 20;
const tickSeconds = 20;

/**
 * 20 caches whose counters grow by 50,000 misses a second in all. A tick lasts 20 s. In each tick 20 calls are
 * reported, with keys, tags and routes that never recur: a sample, which fills every table and sketch in the first
 * hour.
 */
function simulated(ticks: number): { monitor: CachePerformanceMonitor; misses: number; reported: number } {
  let now = Date.UTC(2030, 0, 1);
  const monitor = new CachePerformanceMonitor({ clock: { now: () => now }, maxSeries: 1 });
  let [misses, reported, serial] = [0, 0, 0];
  const cache = new InMemoryCache();
  const sourceOf = (name: string): CacheSource => ({
    name,
    stats: () => ({ ...cache.stats(), misses: misses / cacheCount }),
  });
  for (let i = 0; i < cacheCount; i++) monitor.attach(sourceOf(`cache-${String(i)}`));
  for (let tick = 0; tick < ticks; tick++, now += tickSeconds * 1000) {
    misses += 50_000 * tickSeconds;
    for (let i = 0; i < 20; i++) {
      serial++;
      const name = `cache-${String(serial % 20)}`;
      const operation = operations[serial % 8] as CacheOperation;
      const word = [...serial.toString(20)]
        .map((digit) => String.fromCharCode(97 + parseInt(digit, 20)))
        .join('');
      const key = serial % 2 === 0 ? `${word}:${'x'.repeat(serial % 400)}` : `group-${word}`;
      const answers = [
        { hit: true, tier: 'l1', calls: 128 },
        { hit: true, tier: 'l2' },
        { hit: false, tier: undefined },
      ] as const;
      const answer = answers[serial % 3] as (typeof answers)[number];
      const duration = 0.0001 * 2 ** (serial % 30);
      const record: OperationRecord = { cache: name, operation, key, duration, success: true, ...answer };
      if (record.hit === false) reported++;
      monitor.recordCacheOperationTime(record);
      monitor.recordLoad({ cache: name, key, duration, success: true });
      monitor.recordInvalidation({ cache: name, operation: 'invalidateTags', tags: [key] });
      monitor.recordHttpRequest(`GET /${word}`, 'hit');
    }
    // The windows tick when a cache comes and goes.
    monitor.attach(sourceOf('cache-0'))();
  }
  return { monitor, misses, reported };
}

describe('the windows of a monitor', () => {
  it('take at most 5 MB after a day of counters that grow by 50,000 a second, and lose no miss', () => {
    // Fills what the process keeps once, such as code.
    simulated(200);
    const before = heldBytes();
    const { monitor, misses, reported } = simulated(4300);
    const held = heldBytes() - before;

    const { caches, groups } = monitor.windows('24h');
    expect(caches.reduce((sum, { counts }) => sum + counts.misses, 0)).toBe(misses);
    expect(groups.reduce((sum, each) => sum + each.misses, 0)).toBe(reported);
    expect(held).toBeLessThan(limit);
    expect(held).toBeGreaterThan(2 ** 20);
  }, 120_000);
});
