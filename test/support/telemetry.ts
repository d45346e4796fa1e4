import { context, trace, type Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryMetricExporter, AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { MeterProvider, PeriodicExportingMetricReader, type DataPoint } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Follows contexts through `await`, for the whole file. Call it at the top of the file. */
export function withContexts(): void {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterAll(() => {
    context.disable();
  });
}

/** Spans in memory. */
export class SpanRecord {
  readonly #exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;

  constructor(options: { sampler?: Sampler; processors?: SpanProcessor[] } = {}) {
    const { processors = [], sampler } = options;
    this.provider = new BasicTracerProvider({
      spanProcessors: [...processors, new SimpleSpanProcessor(this.#exporter)],
      ...(sampler && { sampler }),
    });
  }

  /** The spans that have ended, in the order of their ends. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  reset(): void {
    this.#exporter.reset();
  }

  /** Runs `work` within a span. */
  async within<T>(name: string, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.provider.getTracer('test').startSpan(name);
    try {
      return await context.with(trace.setSpan(context.active(), span), () => work(span));
    } finally {
      span.end();
    }
  }
}

/** Metrics in memory, collected when they are asked for. */
export class MetricRecord {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: this.#exporter,
    exportIntervalMillis: 2 ** 30,
  });
  readonly provider = new MeterProvider({ readers: [this.#reader] });

  /** Collects the data points of all metrics, by their names. */
  async collect(): Promise<ReadonlyMap<string, readonly DataPoint<unknown>[]>> {
    this.#exporter.reset();
    await this.#reader.forceFlush();
    const points = new Map<string, readonly DataPoint<unknown>[]>();
    for (const { scopeMetrics } of this.#exporter.getMetrics())
      for (const { metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics) points.set(descriptor.name, dataPoints);
    return points;
  }

  /** The value of one series. */
  async value(name: string, attributes: Readonly<Record<string, string>>): Promise<unknown> {
    const point = (await this.collect())
      .get(name)
      ?.find((it) => Object.entries(attributes).every(([key, value]) => it.attributes[key] === value));
    return point?.value;
  }

  async close(): Promise<void> {
    await this.provider.shutdown();
  }
}
