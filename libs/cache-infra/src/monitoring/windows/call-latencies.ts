import { BoundedSeries } from '../../base/bounded-series.js';
import type { CacheOperation, OperationRecord } from '../../cache/contract/monitor.js';
import { LatencyRings } from './latency-rings.js';
import { StepRings, type Steps } from './step-rings.js';
import {
  answerers,
  type Answerer,
  type CacheWindow,
  type OperationWindow,
  type WindowName,
} from './window-report.js';

const other = '(other)';
/** Series of operations: one per cache and operation. Further ones share one per operation. */
const maxOperations = 64;
/** The percentiles of an operation need no series: twelve steps per window take a fifth of the memory. */
const coarseSteps: Steps = {
  '1m': { steps: 12, seconds: 5 },
  '5m': { steps: 12, seconds: 25 },
  '1h': { steps: 12, seconds: 300 },
  '24h': { steps: 12, seconds: 7200 },
};
const [callsCell, failuresCell] = [0, 1];

/** What answered a read; undefined = nothing did, or the call reads no value. */
export function answererOf({ operation, tier, hit }: OperationRecord): Answerer | undefined {
  if (hit === true) return tier;
  return operation === 'getOrSet' || operation === 'getOrSetMany' ? 'load' : undefined;
}

/** The latencies of one cache by what answered, by step. */
export class AnswerLatencies {
  /** Made on first use: a cache in memory is never answered by an L2. */
  readonly #rings: Partial<Record<Answerer, LatencyRings>> = {};

  record(second: number, answerer: Answerer, ms: number): void {
    (this.#rings[answerer] ??= new LatencyRings()).record(second, ms);
  }

  report(window: WindowName, second: number): Pick<CacheWindow, 'latency' | 'p50Series'> {
    const [l1, l2, load] = answerers.map((answerer) => this.#rings[answerer] ?? unused);
    const rings = { l1: l1 ?? unused, l2: l2 ?? unused, load: load ?? unused };
    return {
      latency: {
        l1: rings.l1.report(window, second),
        l2: rings.l2.report(window, second),
        load: rings.load.report(window, second),
      },
      p50Series: {
        l1: rings.l1.medians(window, second),
        l2: rings.l2.medians(window, second),
        load: rings.load.medians(window, second),
      },
    };
  }

  clear(): void {
    for (const rings of Object.values(this.#rings)) rings.clear();
  }

  get bytes(): number {
    return Object.values(this.#rings).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** Nothing is ever recorded in it. */
const unused = new LatencyRings();

interface OperationSeries {
  readonly counts: StepRings;
  readonly latency: LatencyRings;
}

/** Calls, failures and latencies by cache and operation. */
export class OperationCounts {
  readonly #series = new BoundedSeries<{ cache: string; operation: CacheOperation }, OperationSeries>(
    maxOperations,
    () => ({ counts: new StepRings(2), latency: new LatencyRings(coarseSteps) }),
    ({ operation }) => ({ cache: other, operation }),
  );
  /** The series by cache and operation: building the text of an id takes longer than counting. */
  readonly #known = new Map<string, Map<CacheOperation, OperationSeries>>();

  /** @param calls calls that the record stands for */
  record(second: number, record: OperationRecord, calls: number): void {
    const { counts, latency } = this.#seriesOf(record.cache, record.operation);
    counts.add(second, callsCell, calls);
    if (!record.success) counts.add(second, failuresCell, 1);
    latency.record(second, record.duration);
  }

  report(window: WindowName, second: number): OperationWindow[] {
    return this.#series.entries().flatMap(({ key, value: { counts, latency } }) => {
      const [calls = 0, failures = 0] = counts.sums(window, second);
      return calls === 0 ? [] : [{ ...key, ...latency.report(window, second), calls, failures }];
    });
  }

  clear(): void {
    this.#series.clear();
    this.#known.clear();
  }

  get bytes(): number {
    return this.#series
      .entries()
      .reduce((sum, { value }) => sum + value.counts.bytes + value.latency.bytes, 0);
  }

  #seriesOf(cache: string, operation: CacheOperation): OperationSeries {
    const known = this.#known.get(cache)?.get(operation);
    if (known !== undefined) return known;
    const { overflowed } = this.#series;
    const series = this.#series.at(`${operation} ${cache}`, { cache, operation });
    if (this.#series.overflowed === overflowed) {
      const ofCache = this.#known.get(cache) ?? new Map<CacheOperation, OperationSeries>();
      this.#known.set(cache, ofCache.set(operation, series));
    }
    return series;
  }
}
