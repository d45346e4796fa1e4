import { Histogram, type Registry } from 'prom-client';
import type { CachePerformanceMonitor } from '../monitoring/index.js';

type Label = 'cache' | 'operation' | 'tier' | 'le';
type Shown = Awaited<ReturnType<Histogram<Label>['get']>>;

export const latencyMetric = 'cache_operation_duration_seconds';

const frame = {
  name: latencyMetric,
  help: 'Durations of calls, loaders included, by the tier that answered. L1 hits are sampled.',
  labelNames: ['cache', 'operation', 'tier'] as const,
};

/** Durations of calls, read from the histograms that the monitor keeps anyway: a call pays nothing more. */
export class LatencyHistogram extends Histogram<Label> {
  readonly #monitor: CachePerformanceMonitor;
  readonly #bounds: readonly number[];
  /** Says what an empty histogram says of itself. */
  readonly #empty = new Histogram({ ...frame, registers: [] });

  constructor(registry: Registry, monitor: CachePerformanceMonitor, bounds: readonly number[]) {
    super({ ...frame, buckets: [...bounds], registers: [registry] });
    this.#monitor = monitor;
    this.#bounds = bounds;
  }

  override async get(): Promise<Shown> {
    return { ...(await this.#empty.get()), values: this.#values() };
  }

  /** The registry calls this method in place of `get()` for its text. */
  async getForPromString(): Promise<Shown> {
    return this.get();
  }

  #values(): Shown['values'] {
    const milliseconds = this.#bounds.map((seconds) => seconds * 1000);
    return this.#monitor.latencyBuckets(milliseconds).flatMap((series) => {
      const { cache, operation, tier, count, sumMs, within } = series;
      const labels = { cache, operation, tier: tier ?? 'none' };
      const buckets = [...within, count].map((value, index) => ({
        metricName: `${latencyMetric}_bucket`,
        labels: { ...labels, le: String(this.#bounds[index] ?? '+Inf') },
        value,
      }));
      return [
        ...buckets,
        { metricName: `${latencyMetric}_sum`, labels, value: sumMs / 1000 },
        { metricName: `${latencyMetric}_count`, labels, value: count },
      ];
    });
  }
}
