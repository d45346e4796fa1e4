import { Counter, Gauge, register, type Registry } from 'prom-client';
import type { AiCacheService, AiCounters } from '../ai/index.js';
import { assertOptions, objectWith, type Check, type Checks } from '../base/checks.js';
import type { Cache } from '../cache/contract/cache.js';
import { assertCache, ShownByName } from '../metrics/shown-by-name.js';
import type { CachePerformanceMonitor } from '../monitoring/index.js';
import { aiMetrics } from '../metrics/ai-metrics.js';
import { cacheMetrics, type ScrapedCache } from '../metrics/cache-metrics.js';
import { latencyMetric, LatencyHistogram } from './latency-histogram.js';
import type { MetricRow } from '../metrics/sample.js';
import { WatchedCache } from '../metrics/watched-cache.js';

const subject = 'CachePrometheusMetrics';

export interface CachePrometheusOptions {
  /** The registry that the metrics are added to. Default: `register`, the global one of prom-client. */
  registry?: Registry | undefined;
  /**
   * The monitor whose latencies become `cache_operation_duration_seconds`: the one that the caches report to. Default:
   * none, and there is no such metric.
   */
  monitor?: CachePerformanceMonitor | undefined;
  /** Upper bounds of the latency buckets, seconds, ascending. Default: eleven from 1 µs to 10 s. */
  buckets?: readonly number[] | undefined;
}

const defaultBuckets = [1e-6, 1e-5, 1e-4, 0.001, 0.0025, 0.01, 0.05, 0.25, 1, 2.5, 10];

const ascending: Check = (value) => {
  const isList =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((it: unknown, index) => {
      const before: unknown = index === 0 ? 0 : value[index - 1];
      return typeof it === 'number' && typeof before === 'number' && Number.isFinite(it) && it > before;
    });
  return isList ? undefined : 'must be positive numbers in ascending order';
};

const checks: Checks = {
  registry: objectWith('registerMetric'),
  monitor: objectWith('latencyBuckets'),
  buckets: ascending,
};

/** A cache, or the operation of an AI cache, in one scrape. */
interface Labelled<S> {
  readonly labels: Readonly<Record<string, string>>;
  readonly source: S;
}

/**
 * Shows caches to Prometheus, in a registry of prom-client.
 *
 * ```ts
 * const metrics = new CachePrometheusMetrics({ monitor: factory.monitor });
 * metrics.watch(cache);
 * response.end(await register.metrics());
 * ```
 *
 * Values are read during a scrape, from counters that the caches keep anyway: no call becomes slower. A scrape sends
 * one `PING` to the Redis of each cache. Labels are names of caches, tiers, states and operations, never keys: the
 * number of series does not grow with the keys.
 */
export class CachePrometheusMetrics {
  readonly #caches = new ShownByName<WatchedCache>(subject);
  readonly #aiCaches = new ShownByName<AiCacheService>(subject);
  readonly #registry: Registry;
  readonly #names: readonly string[];
  #scrape: Promise<Labelled<ScrapedCache>[]> | undefined;

  /**
   * @throws ValidationError that lists every invalid option
   * @throws Error from prom-client when the registry has a metric of one of these names: use one instance per registry
   */
  constructor(options: CachePrometheusOptions = {}) {
    assertOptions(subject, options, checks);
    const { registry = register, monitor, buckets = defaultBuckets } = options;
    for (const row of cacheMetrics) addMetric(registry, row, ['cache'], () => this.#scraped());
    for (const row of aiMetrics) addMetric(registry, row, ['cache', 'operation'], () => this.#scrapedAi());
    if (monitor !== undefined) new LatencyHistogram(registry, monitor, buckets);
    this.#registry = registry;
    this.#names = [...cacheMetrics, ...aiMetrics].map(({ name }) => name).concat(latencyMetric);
  }

  /**
   * Shows a cache, under its name, until the returned function is called.
   *
   * @throws ValidationError when `cache` is no cache, or another cache of its name is shown
   */
  watch(cache: Cache): () => void {
    assertCache(cache, subject);
    return this.#caches.show(
      cache.name,
      (known) => known.cache === cache,
      () => new WatchedCache(cache),
      (watched) => {
        watched.stop();
      },
    );
  }

  /**
   * Shows the calls and savings of an AI cache, until the returned function is called.
   *
   * @param name the value of the label `cache`
   * @throws ValidationError when another AI cache is shown under `name`
   */
  watchAi(ai: AiCacheService, name = 'ai'): () => void {
    return this.#aiCaches.show(
      name,
      (known) => known === ai,
      () => ai,
      () => undefined,
    );
  }

  /** Removes the metrics from the registry. Needed before another instance can use the same registry. */
  close(): void {
    for (const watched of this.#caches.values()) watched.stop();
    this.#caches.clear();
    this.#aiCaches.clear();
    for (const name of this.#names) this.#registry.removeSingleMetric(name);
  }

  /** The registry asks all metrics in one turn of the event loop: they share one look at each cache. */
  #scraped(): Promise<Labelled<ScrapedCache>[]> {
    if (this.#scrape === undefined) {
      this.#scrape = Promise.all(
        [...this.#caches].map(async ([cache, watched]) => ({
          labels: { cache },
          source: await watched.scraped(),
        })),
      );
      queueMicrotask(() => (this.#scrape = undefined));
    }
    return this.#scrape;
  }

  async #scrapedAi(): Promise<Labelled<AiCounters>[]> {
    return Promise.resolve(
      [...this.#aiCaches].flatMap(([cache, ai]) =>
        ai.stats({ by: 'operation' }).groups.map((group) => ({
          labels: { cache, operation: group.name },
          source: group,
        })),
      ),
    );
  }
}

function addMetric<S>(
  registry: Registry,
  row: MetricRow<S>,
  common: readonly string[],
  scrape: () => Promise<readonly Labelled<S>[]>,
): void {
  const { name, type, help, labels } = row;
  const configuration = { name, help, labelNames: [...common, ...labels], registers: [registry] };
  const metric =
    type === 'counter'
      ? new Counter({ ...configuration, collect })
      : new Gauge({ ...configuration, collect });

  async function collect(): Promise<void> {
    const scraped = await scrape();
    metric.reset();
    for (const { labels: own, source } of scraped)
      for (const sample of row.samples(source)) metric.inc({ ...own, ...sample.labels }, sample.value);
  }
}
