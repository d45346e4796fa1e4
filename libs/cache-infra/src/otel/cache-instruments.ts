import type {
  BatchObservableCallback,
  BatchObservableResult,
  Histogram,
  Meter,
  Observable,
} from '@opentelemetry/api';
import type { AiCounters } from '../ai/index.js';
import { aiMetrics } from '../metrics/ai-metrics.js';
import { cacheMetrics, type ScrapedCache } from '../metrics/cache-metrics.js';
import type { MetricRow } from '../metrics/sample.js';

/** A cache, or the operation of an AI cache, in one collection. */
export interface Observed<S> {
  readonly labels: Readonly<Record<string, string>>;
  readonly source: S;
}

/** What the instruments read. */
export interface ObservedSources {
  caches(): Promise<readonly Observed<ScrapedCache>[]>;
  aiCaches(): readonly Observed<AiCounters>[];
}

const bucketSeconds = [1e-6, 1e-5, 1e-4, 0.001, 0.0025, 0.01, 0.05, 0.25, 1, 2.5, 10];

/**
 * The instruments of a meter, read when it collects. Their names are those of `/prometheus` in the form of
 * OpenTelemetry: the exporters for Prometheus give them back their dots and units.
 */
export class CacheInstruments {
  readonly durations: Histogram;
  readonly #meter: Meter;
  readonly #callback: BatchObservableCallback;
  readonly #observables: Observable[];

  constructor(meter: Meter, sources: ObservedSources) {
    this.#meter = meter;
    const caches = cacheMetrics.map((row) => ({ row, observable: observableOf(meter, row) }));
    const ai = aiMetrics.map((row) => ({ row, observable: observableOf(meter, row) }));
    this.#observables = [...caches, ...ai].map(({ observable }) => observable);
    this.#callback = async (result) => {
      const observed = await sources.caches();
      for (const { row, observable } of caches) observe(result, observable, row, observed);
      for (const { row, observable } of ai) observe(result, observable, row, sources.aiCaches());
    };
    meter.addBatchObservableCallback(this.#callback, this.#observables);
    this.durations = meter.createHistogram('cache.operation_duration', {
      description: 'Durations of calls, loaders included, by the tier that answered. L1 hits are sampled.',
      unit: 's',
      advice: { explicitBucketBoundaries: bucketSeconds },
    });
  }

  /** Ends the collection. */
  close(): void {
    this.#meter.removeBatchObservableCallback(this.#callback, this.#observables);
  }
}

/** The name and unit of a metric of Prometheus in OpenTelemetry. */
export function otelName(prometheusName: string): {
  readonly name: string;
  readonly unit: string | undefined;
} {
  const bare = prometheusName
    .replace(/_total$/, '')
    .replace(/^cache_(ai_)?/, (start) => start.replaceAll('_', '.'));
  if (bare.endsWith('_seconds')) return { name: bare.replace(/_seconds$/, ''), unit: 's' };
  return { name: bare, unit: bare.endsWith('_bytes') ? 'By' : undefined };
}

function observableOf<S>(meter: Meter, { name, type, help }: MetricRow<S>): Observable {
  const { name: ownName, unit } = otelName(name);
  const options = { description: help, ...(unit && { unit }) };
  return type === 'counter'
    ? meter.createObservableCounter(ownName, options)
    : meter.createObservableGauge(ownName, options);
}

function observe<S>(
  result: BatchObservableResult,
  observable: Observable,
  row: MetricRow<S>,
  observed: readonly Observed<S>[],
): void {
  for (const { labels, source } of observed)
    for (const sample of row.samples(source))
      result.observe(observable, sample.value, { ...labels, ...sample.labels });
}
