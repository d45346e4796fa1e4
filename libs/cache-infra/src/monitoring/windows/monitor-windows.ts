import { BoundedSeries } from '../../base/bounded-series.js';
import type { Clock } from '../../base/clock.js';
import type { CacheSource, LoadRecord, OperationRecord, TagRecord } from '../../cache/contract/monitor.js';
import type { RequestActivity } from '../../cache/observe/activity.js';
import { CacheCounts, countsOf } from './cache-counts.js';
import { AnswerLatencies, answererOf, OperationCounts } from './call-latencies.js';
import { GroupCounts } from './group-counts.js';
import { ReadSampling } from './read-sampling.js';
import { RouteWindows } from './route-windows.js';
import { Ticker } from './ticker.js';
import { TopKeys, TopNames } from './top-keys.js';
import { WindowTime } from './window-time.js';
import {
  windowSteps,
  type CacheWindow,
  type TopKey,
  type WindowName,
  type WindowReport,
} from './window-report.js';

const other = '(other)';
/** Names of caches with series of their own: about 120 kB each. Caches of further names share one. */
const maxCaches = 12;
/** Seconds after which the rows of full tables count half. */
const ageSeconds = 60;

interface CacheSeries {
  readonly counts: CacheCounts;
  readonly latencies: AnswerLatencies;
}

interface Counted {
  readonly series: CacheSeries;
  /** The last reading of the source's counters. */
  last: readonly number[];
}

/**
 * The windows of a monitor: the last minute, 5 minutes, hour and day, on constant memory.
 *
 * Once a second, and on each report, the counters of all attached caches are read. Their difference to the reading
 * before counts in the step that was open since then; so do the calls that were reported since. A step that saw no tick
 * (a blocked event loop, a suspended process) stays empty.
 */
export class MonitorWindows {
  readonly #time: WindowTime;
  readonly #ticker: Ticker;
  readonly #sources = new Map<CacheSource, Counted>();
  readonly #caches = new BoundedSeries<{ cache: string }, CacheSeries>(
    maxCaches,
    () => ({ counts: new CacheCounts(), latencies: new AnswerLatencies() }),
    () => ({ cache: other }),
  );
  readonly #operations = new OperationCounts();
  readonly #groups = new GroupCounts();
  readonly #reads = new ReadSampling();
  readonly #loads = new ReadSampling();
  readonly #routes = new RouteWindows();
  readonly #keys = new TopKeys();
  readonly #tags = new TopNames();
  #agedAt = 0;

  constructor(clock: Clock) {
    this.#time = new WindowTime(clock);
    this.#ticker = new Ticker(
      () => {
        this.#tick();
      },
      () => this.#time.untilNextSecond,
    );
  }

  attach(source: CacheSource): void {
    const series = this.#seriesOf(source.name);
    this.#tick();
    this.#sources.set(source, { series, last: countsOf(source.stats()) });
    this.#ticker.start();
  }

  detach(source: CacheSource): void {
    this.#tick();
    this.#sources.delete(source);
    if (this.#sources.size === 0) this.#ticker.stop();
  }

  record(record: OperationRecord): void {
    const { second } = this.#time;
    const answerer = answererOf(record);
    if (answerer !== undefined)
      this.#seriesOf(record.cache).latencies.record(second, answerer, record.duration);
    const { calls = 1, key, hit } = record;
    this.#operations.record(second, record, calls);
    if (key === undefined || hit === undefined) return;
    const weight = this.#reads.weight(second);
    if (weight === 0) return;
    this.#groups.read(second, key, record, calls * weight);
    this.#keys.record(record, key, calls * weight);
  }

  recordLoad(record: LoadRecord): void {
    const { second } = this.#time;
    const weight = this.#loads.weight(second);
    if (weight > 0) this.#groups.loaded(second, record, weight);
  }

  recordInvalidation({ cache, tags }: TagRecord): void {
    for (const tag of tags) this.#tags.record(this.#time.second, cache, tag, 1);
  }

  recordRequest(route: string, activity: Readonly<RequestActivity>): void {
    this.#routes.record(this.#time.second, route, activity);
  }

  recordHttpRequest(route: string, result: 'hit' | 'miss'): void {
    this.#routes.recordHttp(this.#time.second, route, result);
  }

  report(window: WindowName): WindowReport {
    this.#tick();
    const { second } = this.#time;
    const { seconds } = windowSteps[window];
    const caches = this.#caches.entries().map(({ key, value }): CacheWindow => {
      return { ...key, ...value.counts.report(window, second), ...value.latencies.report(window, second) };
    });
    return {
      window,
      stepSeconds: seconds,
      endsAt: this.#time.onClock((Math.floor(second / seconds) + 1) * seconds),
      caches,
      operations: this.#operations.report(window, second),
      groups: this.#groups.report(window, second),
      routes: this.#routes.report(window, second),
      topKeys: this.#topKeys(window, caches),
      topTags: this.#tags.top(window, second).map(({ cache, name, count }) => {
        return { cache, tag: name, invalidations: count };
      }),
    };
  }

  reset(): void {
    this.#tick();
    for (const { value } of this.#caches.entries()) {
      value.counts.clear();
      value.latencies.clear();
    }
    this.#operations.clear();
    this.#groups.clear();
    this.#routes.clear();
    this.#keys.clear();
    this.#tags.clear();
  }

  /** Bytes of all series; the sketches of keys and tags come on top. */
  get bytes(): number {
    const tables = this.#operations.bytes + this.#groups.bytes + this.#routes.bytes;
    return (
      tables +
      this.#caches.entries().reduce((sum, { value }) => sum + value.counts.bytes + value.latencies.bytes, 0)
    );
  }

  #topKeys(window: WindowName, caches: readonly CacheWindow[]): TopKey[] {
    const reads = new Map(
      caches.map(({ cache, counts }) => [cache, counts.l1Hits + counts.l2Hits + counts.misses]),
    );
    return this.#keys.top(window, this.#time.second).map(({ cache, namespaces, key, count }) => {
      // An estimate: it may exceed the exact number of all reads.
      const all = Math.max(count, reads.get(cache) ?? 0);
      return { cache, namespaces, key, reads: count, share: count / all };
    });
  }

  #seriesOf(cache: string): CacheSeries {
    return this.#caches.at(cache, { cache });
  }

  /** Counts everything since the last tick in the step that was open then, and reads the clock. */
  #tick(): void {
    const { second } = this.#time;
    for (const [source, counted] of this.#sources) {
      const now = readingOf(source) ?? counted.last;
      counted.series.counts.add(second, now, counted.last);
      counted.last = now;
    }
    this.#keys.tick(second);
    this.#time.read();
    if (second < this.#agedAt + ageSeconds) return;
    this.#agedAt = second;
    this.#groups.age();
    this.#routes.age();
  }
}

/** Undefined where the source fails: one cache must not break the windows of the others. */
function readingOf(source: CacheSource): readonly number[] | undefined {
  try {
    return countsOf(source.stats());
  } catch {
    return undefined;
  }
}
