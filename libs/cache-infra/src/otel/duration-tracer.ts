import type { Histogram } from '@opentelemetry/api';
import type { CacheTracer, TracedCall } from '../cache/contract/tracing.js';

/** Records the durations of calls, seconds. There is no observable histogram: each traced call records its own. */
export class DurationTracer implements CacheTracer {
  readonly sampleEvery: number;
  readonly #histogram: Histogram;

  constructor(histogram: Histogram, sampleEvery: number) {
    this.#histogram = histogram;
    this.sampleEvery = sampleEvery;
  }

  ended({ cache, operation, tier }: TracedCall, start: number): void {
    const seconds = (performance.now() - start) / 1000;
    this.#histogram.record(seconds, { cache, operation, tier: tier ?? 'none' });
  }
}
