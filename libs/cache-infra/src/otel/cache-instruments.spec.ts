import { metrics as metricsApi } from '@opentelemetry/api';
import { jest } from '@jest/globals';

import { closingAfterEach } from '../../../../test/support/closing.js';
import { MetricRecord } from '../../../../test/support/telemetry.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { aiMetrics } from '../metrics/ai-metrics.js';
import { cacheMetrics } from '../metrics/cache-metrics.js';
import { CacheOpenTelemetry } from './cache-open-telemetry.js';
import { otelName } from './cache-instruments.js';

const closing = closingAfterEach();

function setUp(options: ConstructorParameters<typeof InMemoryCache>[0] = {}) {
  const record = closing(new MetricRecord());
  const telemetry = closing(new CacheOpenTelemetry({ meterProvider: record.provider, traces: false }));
  const cache = closing(new InMemoryCache({ name: 'shop', ...options }));
  const stop = telemetry.watch(cache);
  return { record, telemetry, cache, stop };
}

describe('metrics', () => {
  it('are the counters of a cache, read at each collection', async () => {
    const { record, cache } = setUp();
    await cache.set('a', 1);
    await cache.get('a');
    await cache.get('nothing');
    await cache.getOrSet('b', () => 2);
    await expect(cache.getOrSet('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no');

    const shop = { cache: 'shop' };
    expect({
      hits: await record.value('cache.gets', { ...shop, tier: 'l1', result: 'hit' }),
      misses: await record.value('cache.gets', { ...shop, result: 'miss' }),
      puts: await record.value('cache.puts', shop),
      size: await record.value('cache.size', shop),
      failures: await record.value('cache.loads', { ...shop, result: 'failure' }),
      up: await record.value('cache.status', { ...shop, status: 'up' }),
    }).toEqual({ hits: 1, misses: 3, puts: 2, size: 2, failures: 1, up: 1 });
    await cache.get('a');
    expect(await record.value('cache.gets', { ...shop, tier: 'l1' })).toBe(2);
  });

  it('have a histogram of durations, by operation and tier', async () => {
    const { record, cache } = setUp();
    await cache.get('nothing');
    await cache.set('a', 1, { tags: ['t'] });

    const name = 'cache.operation_duration';
    expect(await record.value(name, { cache: 'shop', operation: 'get', tier: 'none' })).toMatchObject({
      count: 1,
    });
    expect(await record.value(name, { cache: 'shop', operation: 'set', tier: 'none' })).toMatchObject({
      count: 1,
    });
  });

  it('have at most 150 series for a cache after 100,000 distinct keys, and no key in an attribute', async () => {
    const { record, cache } = setUp({ maxSize: 1000 });
    for (let i = 0; i < 100_000; i++) {
      const key = `customer-${i}`;
      if (i % 4 === 0) await cache.set(key, i);
      else if (i % 4 === 1) await cache.get(key);
      else if (i % 4 === 2) await cache.getOrSet(key, () => i, { tags: [key] });
      else await cache.delete(key);
    }
    const points = [...(await record.collect()).values()].flat();

    expect(points.length).toBeGreaterThan(20);
    expect(points.length).toBeLessThanOrEqual(150);
    expect(JSON.stringify(points.map(({ attributes }) => attributes))).not.toContain('customer-');
  }, 120_000);

  it('tell what an AI cache saved, by operation', async () => {
    const { record, telemetry, cache } = setUp();
    const ai = new AiCacheService(cache, { prices: { small: { inputPerMillion: 1, outputPerMillion: 2 } } });
    telemetry.watchAi(ai, 'answers');
    for (let i = 0; i < 2; i++)
      await ai.run('chat', { model: 'small', n: 1 }, () => ({
        value: 'yes',
        usage: { inputTokens: 1_000_000, outputTokens: 500_000 },
      }));

    const labels = { cache: 'answers', operation: 'chat' };
    expect(await record.value('cache.ai.calls', { ...labels, outcome: 'hit' })).toBe(1);
    expect(await record.value('cache.ai.cost_saved', labels)).toBe(2);
    expect(await record.value('cache.ai.tokens_saved', { ...labels, kind: 'output' })).toBe(500_000);
  });

  it('end with the watch of the cache, and with close', async () => {
    const [watched, stopped, closed] = [setUp(), setUp(), setUp()];
    stopped.stop();
    closed.telemetry.close();

    // The SDK shows a series that it has collected once for ever: it is collected here for the first time.
    const shown = [watched, stopped, closed].map(
      async ({ record }) => (await record.collect()).get('cache.size')?.length ?? 0,
    );
    expect(await Promise.all(shown)).toEqual([1, 0, 0]);
  });

  it('go to the SDK that the application registers later', async () => {
    jest.useFakeTimers();
    try {
      const telemetry = closing(new CacheOpenTelemetry({ traces: false }));
      const cache = closing(new InMemoryCache({ name: 'shop' }));
      telemetry.watch(cache);
      jest.advanceTimersByTime(5000);
      const record = closing(new MetricRecord());
      metricsApi.setGlobalMeterProvider(record.provider);
      jest.advanceTimersByTime(1000);
      jest.useRealTimers();

      expect(await record.value('cache.size', { cache: 'shop' })).toBe(0);
    } finally {
      jest.useRealTimers();
      metricsApi.disable();
    }
  });

  it('have the names of /prometheus, with dots and units', () => {
    const names = [...cacheMetrics, ...aiMetrics].map(({ name }) => otelName(name));

    expect(names).toContainEqual({ name: 'cache.gets', unit: undefined });
    expect(names).toContainEqual({ name: 'cache.size_bytes', unit: 'By' });
    expect(names).toContainEqual({ name: 'cache.redis_ping', unit: 's' });
    expect(names).toContainEqual({ name: 'cache.ai.time_saved', unit: 's' });
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
  });
});
