import { Registry } from 'prom-client';
import { closingAfterEach } from '../../../../test/support/closing.js';
import { parseExposition, valueOf, type ExposedFamily } from '../../../../test/support/exposition.js';
import { AiCacheService } from '../ai/index.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { CachePerformanceMonitor } from '../monitoring/index.js';
import { CachePrometheusMetrics } from './prometheus-metrics.js';

const closing = closingAfterEach();

function setUp(options: ConstructorParameters<typeof InMemoryCache>[0] = {}) {
  const registry = new Registry();
  const monitor = new CachePerformanceMonitor({ sampleEvery: 1 });
  const metrics = new CachePrometheusMetrics({ registry, monitor });
  const cache = closing(new InMemoryCache({ name: 'shop', monitor, ...options }));
  const scrape = async (): Promise<Map<string, ExposedFamily>> => parseExposition(await registry.metrics());
  return { registry, monitor, metrics, cache, scrape };
}

describe('CachePrometheusMetrics', () => {
  it('shows the counters of a cache under the names of Micrometer', async () => {
    const { metrics, cache, scrape } = setUp({ maxSize: 2 });
    metrics.watch(cache);

    await cache.set('a', 1);
    await cache.get('a');
    await cache.get('nothing');
    await cache.getOrSet('b', () => 2);
    await expect(cache.getOrSet('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await cache.delete('a');
    const families = await scrape();

    const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
      valueOf(families, name, { cache: 'shop', ...labels });
    expect({
      hits: value('cache_gets_total', { tier: 'l1', result: 'hit' }),
      misses: value('cache_gets_total', { tier: 'none', result: 'miss' }),
      puts: value('cache_puts_total'),
      removals: value('cache_removals_total'),
      size: value('cache_size'),
      loads: value('cache_loads_total', { result: 'success' }),
      failures: value('cache_loads_total', { result: 'failure' }),
      up: value('cache_status', { status: 'up' }),
      down: value('cache_status', { status: 'down' }),
    }).toEqual({ hits: 1, misses: 3, puts: 2, removals: 1, size: 1, loads: 1, failures: 1, up: 1, down: 0 });
  });

  it('reads the values anew at each scrape', async () => {
    const { metrics, cache, scrape } = setUp();
    metrics.watch(cache);
    const hits = async (): Promise<number | undefined> =>
      valueOf(await scrape(), 'cache_gets_total', { tier: 'l1', result: 'hit' });
    await cache.set('a', 1);

    const first = await hits();
    await cache.get('a');

    expect([first, await hits(), await hits()]).toEqual([0, 1, 1]);
  });

  it('shows durations as a histogram, by operation and tier', async () => {
    const { metrics, cache, scrape } = setUp();
    metrics.watch(cache);

    await cache.get('a');
    await cache.set('a', 1);
    await cache.get('a');
    const families = await scrape();

    const name = 'cache_operation_duration_seconds';
    expect(families.get(name)?.type).toBe('histogram');
    for (const [operation, tier] of [
      ['get', 'none'],
      ['get', 'l1'],
      ['set', 'none'],
    ] as const) {
      const labels = { cache: 'shop', operation, tier };
      expect(valueOf(families, `${name}_count`, labels)).toBe(1);
      expect(valueOf(families, `${name}_bucket`, { ...labels, le: '10' })).toBe(1);
      expect(valueOf(families, `${name}_sum`, labels)).toBeGreaterThan(0);
    }
  });

  it('has at most 150 series for a cache after 100,000 distinct keys, and no key in a label', async () => {
    const { registry, metrics, cache, scrape } = setUp({ maxSize: 1000 });
    metrics.watch(cache);
    for (let i = 0; i < 100_000; i++) {
      const key = `customer-${i}`;
      if (i % 4 === 0) await cache.set(key, i);
      else if (i % 4 === 1) await cache.get(key);
      else if (i % 4 === 2) await cache.getOrSet(key, () => i, { tags: [key] });
      else await cache.delete(key);
    }
    const count = [...(await scrape()).values()].reduce((sum, { samples }) => sum + samples.length, 0);

    expect(count).toBeLessThanOrEqual(150);
    expect(await registry.metrics()).not.toContain('customer-');
    expect(valueOf(await scrape(), 'cache_evictions_total')).toBeGreaterThan(0);
  }, 120_000);

  it('shows several caches side by side, until their watch is stopped', async () => {
    const { metrics, cache, scrape } = setUp();
    const other = closing(new InMemoryCache({ name: 'other' }));
    metrics.watch(cache);
    const stop = metrics.watch(other);
    metrics.watch(other);
    const names = async (): Promise<unknown[]> =>
      (await scrape()).get('cache_size')?.samples.map(({ labels }) => labels['cache']) ?? [];

    expect(await names()).toEqual(['shop', 'other']);
    stop();
    stop();
    expect(await names()).toEqual(['shop']);
  });

  it('escapes the name of a cache', async () => {
    const { metrics, scrape } = setUp();
    metrics.watch(closing(new InMemoryCache({ name: 'a "b" \\c' })));

    expect((await scrape()).get('cache_size')?.samples[0]?.labels).toEqual({ cache: 'a \\"b\\" \\\\c' });
  });

  it('shows what an AI cache saved, by operation', async () => {
    const { metrics, cache, scrape } = setUp();
    const ai = new AiCacheService(cache, { prices: { small: { inputPerMillion: 1, outputPerMillion: 2 } } });
    metrics.watchAi(ai, 'answers');
    const ask = async (): Promise<unknown> =>
      ai.run('chat', { model: 'small', n: 1 }, () => ({
        value: 'yes',
        usage: { inputTokens: 1_000_000, outputTokens: 500_000 },
      }));

    await ask();
    await ask();
    const families = await scrape();

    const labels = { cache: 'answers', operation: 'chat' };
    expect(valueOf(families, 'cache_ai_calls_total', { ...labels, outcome: 'hit' })).toBe(1);
    expect(valueOf(families, 'cache_ai_calls_total', { ...labels, outcome: 'miss' })).toBe(1);
    expect(valueOf(families, 'cache_ai_cost_saved_total', labels)).toBe(2);
    expect(valueOf(families, 'cache_ai_tokens_saved_total', { ...labels, kind: 'output' })).toBe(500_000);
  });

  it('looks at each cache once per scrape', async () => {
    const { metrics, cache, scrape } = setUp();
    let looks = 0;
    const stats = cache.stats.bind(cache);
    cache.stats = () => {
      looks++;
      return stats();
    };
    metrics.watch(cache);
    const before = looks;

    await scrape();
    await scrape();

    expect(looks - before).toBe(2);
  });

  it('leaves the registry when it is closed', async () => {
    const { registry, metrics, monitor, cache } = setUp();
    metrics.watch(cache);
    metrics.close();

    expect(await registry.getMetricsAsJSON()).toEqual([]);
    expect(() => new CachePrometheusMetrics({ registry, monitor })).not.toThrow();
  });

  it.each<[what: string, run: () => unknown, words: string]>([
    ['an unknown option', () => Reflect.construct(CachePrometheusMetrics, [{ register: 1 }]), 'register'],
    [
      'a registry that is none',
      () => Reflect.construct(CachePrometheusMetrics, [{ registry: {} }]),
      'registry',
    ],
    [
      'buckets out of order',
      () => new CachePrometheusMetrics({ registry: new Registry(), buckets: [1, 0.5] }),
      'buckets',
    ],
    ['no cache', () => setUp().metrics.watch({} as InMemoryCache), 'must be a Cache'],
    [
      'two caches of one name',
      () => {
        const { metrics, cache } = setUp();
        metrics.watch(cache);
        metrics.watch(closing(new InMemoryCache({ name: 'shop' })));
      },
      'give each cache its own name',
    ],
  ])('refuses %s', (_what, run, words) => {
    expect(run).toThrow(ValidationError);
    expect(run).toThrow(words);
  });
});
