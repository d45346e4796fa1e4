import type { RequestActivity } from '../cache/observe/activity.js';
import type {
  CacheMonitor,
  CacheOperation,
  CacheSource,
  KeyGenerationRecord,
  LoadRecord,
  OperationRecord,
  TagRecord,
} from '../cache/contract/monitor.js';
import type { CacheStats } from '../cache/contract/stats.js';
import type { Checks } from '../base/checks.js';
import { assertOptions, booleanValue, objectWith, oneOf, positiveInteger } from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import { systemClock } from '../base/clock.js';
import { BoundedSeries } from '../base/bounded-series.js';
import type { CacheCounters } from './cache-counters.js';
import { addCounters, countersOf, countersSince, zeroCounters } from './cache-counters.js';
import { Histogram } from './histogram.js';
import type {
  CountedCache,
  KeyGenerationReport,
  LatencyBuckets,
  OperationLatency,
  PerformanceStats,
} from './performance-stats.js';
import * as report from './performance-stats.js';
import { HttpRouteCounts, RouteCounts } from './route-report.js';
import { MonitorWindows } from './windows/monitor-windows.js';
import { windowNames, type WindowName, type WindowReport } from './windows/window-report.js';

export interface PerformanceMonitorOptions {
  /** Time one in this many L1 hits and L1-only sets. Default 128; 1 = every one. */
  sampleEvery?: number | undefined;
  /** Maximum latency series (one per cache, operation and tier; about 9 kB each). Default 256. */
  maxSeries?: number | undefined;
  /** Clock for `since` and the windows. Default: the system clock. */
  clock?: Clock | undefined;
  /**
   * Keep the last minute, 5 minutes, hour and day for `windows()`: at most 5 MB, and a timer of one second that does
   * not keep the process alive. Default true.
   */
  windows?: boolean | undefined;
}

const checks: Checks = {
  sampleEvery: positiveInteger,
  maxSeries: positiveInteger,
  clock: objectWith('now'),
  windows: booleanValue,
};

const other = '(other)';

interface OperationSeries {
  readonly histogram: Histogram;
  failures: number;
}

type RecentSeries = Map<string, Map<CacheOperation, OperationSeries>>;

function newRecent(): Readonly<Record<'l1' | 'l2' | 'none', RecentSeries>> {
  return { l1: new Map(), l2: new Map(), none: new Map() };
}

interface Attached {
  /** The source's counters when this monitor started counting. */
  baseline: CacheCounters;
  /** The last statistics of the source, used when `stats()` throws. */
  last: CacheStats;
}

/**
 * Collects the metrics of all attached caches.
 *
 * Counters are exact: the monitor pulls them from the caches on each report. Latencies are pushed by the caches into
 * histograms; L1 hits and L1-only sets, which take less time than reading the clock, are sampled (`sampleEvery`).
 * Caches with the same name are summed. The totals of a closed cache are kept. Memory is bounded: series and names
 * beyond `maxSeries` are counted under `(other)`.
 */
export class CachePerformanceMonitor implements CacheMonitor {
  readonly sampleEvery: number;
  private readonly clock: Clock;
  private readonly sources = new Map<CacheSource, Attached>();
  private readonly closed: BoundedSeries<{ cache: string }, { counters: CacheCounters }>;
  private readonly operations: BoundedSeries<
    Pick<OperationLatency, 'cache' | 'operation' | 'tier'>,
    OperationSeries
  >;
  /** Index of the series in `operations`, by tier, cache and operation. */
  private recent = newRecent();
  private readonly keyOperations: BoundedSeries<
    Pick<KeyGenerationRecord, 'cache' | 'operation'>,
    { histogram: Histogram; inputLength: number }
  >;
  private readonly routes: RouteCounts;
  private readonly httpRoutes: HttpRouteCounts;
  private readonly kept: MonitorWindows | undefined;
  private keys = newKeyTimes();
  private since: number;

  /** @throws ValidationError */
  constructor(options: PerformanceMonitorOptions = {}) {
    assertOptions('CachePerformanceMonitor', options, checks);
    const { sampleEvery = 128, maxSeries = 256, clock = systemClock, windows = true } = options;
    this.sampleEvery = sampleEvery;
    this.clock = clock;
    this.since = clock.now();
    this.kept = windows ? new MonitorWindows(clock) : undefined;
    this.closed = new BoundedSeries(
      maxSeries,
      () => ({ counters: zeroCounters }),
      () => ({ cache: other }),
    );
    this.routes = new RouteCounts(maxSeries);
    this.httpRoutes = new HttpRouteCounts(maxSeries);
    this.operations = new BoundedSeries(
      maxSeries,
      () => ({ histogram: new Histogram(), failures: 0 }),
      (key) => ({ ...key, cache: other }),
    );
    this.keyOperations = new BoundedSeries(maxSeries, newKeyTimes, () => ({
      cache: other,
      operation: other,
    }));
  }

  /** Starts counting the operations of `source`. Attaching it twice has no effect. */
  attach(source: CacheSource): () => void {
    if (!this.sources.has(source)) {
      const stats = source.stats();
      this.sources.set(source, { baseline: countersOf(stats), last: stats });
      this.kept?.attach(source);
    }
    return () => this.detach(source);
  }

  recordCacheOperationTime(record: OperationRecord): void {
    const { cache, operation, tier = null, duration, success } = record;
    const series = this.seriesOf(cache, operation, tier);
    series.histogram.record(duration);
    if (!success) series.failures += 1;
    this.kept?.record(record);
  }

  /** Looks in the index first: building the string id takes longer than counting. */
  private seriesOf(cache: string, operation: CacheOperation, tier: 'l1' | 'l2' | null): OperationSeries {
    const recent = this.recent[tier ?? 'none'];
    const known = recent.get(cache)?.get(operation);
    if (known !== undefined) return known;
    const { overflowed } = this.operations;
    const series = this.operations.at(`${operation} ${tier} ${cache}`, { cache, operation, tier });
    if (this.operations.overflowed === overflowed) {
      const ofCache = recent.get(cache) ?? new Map<CacheOperation, OperationSeries>();
      recent.set(cache, ofCache.set(operation, series));
    }
    return series;
  }

  /** Counts one run of a loader in its group of keys. */
  recordLoad(record: LoadRecord): void {
    this.kept?.recordLoad(record);
  }

  /** Counts the tags of an invalidation. */
  recordInvalidation(record: TagRecord): void {
    this.kept?.recordInvalidation(record);
  }

  recordKeyGenerationTime(record: KeyGenerationRecord): void {
    const { cache, operation, duration, inputLength } = record;
    const series = this.keyOperations.at(`${cache.length} ${cache}${operation}`, { cache, operation });
    for (const times of [this.keys, series]) {
      times.histogram.record(duration);
      times.inputLength += inputLength;
    }
  }

  /** Records the cache activity of one request. `route` is a pattern, never a URL. */
  recordRequest(route: string, activity: Readonly<RequestActivity>): void {
    this.routes.record(route, activity);
    this.kept?.recordRequest(route, activity);
  }

  /** Records one request to an HTTP cache. */
  recordHttpRequest(route: string, result: 'hit' | 'miss'): void {
    this.httpRoutes.record(route, result);
    this.kept?.recordHttpRequest(route, result);
  }

  /** Reads, sets and deletes of all caches. Each key of a `getMany` or `setMany` counts. */
  get totalOperations(): number {
    return report.operationsOf(this.totals());
  }

  get cacheHits(): number {
    return this.totals().hits;
  }

  get cacheMisses(): number {
    return this.totals().misses;
  }

  /** All metrics, as plain data. */
  getPerformanceStats(): PerformanceStats {
    const caches = this.caches();
    const totals = report.reportTotals(caches);
    const now = this.clock.now();
    return {
      since: new Date(this.since).toISOString(),
      durationSeconds: Math.max(0, now - this.since) / 1000,
      totals: report.counterReport(totals),
      byTier: { l1: report.tierReport(totals.l1), l2: report.tierReport(totals.l2) },
      byCache: report.reportByCache(caches),
      byRoute: this.routes.report(),
      byHttpRoute: this.httpRoutes.report(),
      latencies: this.latencies(),
      keyGeneration: this.keyGeneration(),
      compression: report.compressionReport(totals.compression),
      sampleEvery: this.sampleEvery,
      overflowed: [this.operations, this.keyOperations, this.closed, this.routes, this.httpRoutes].reduce(
        (sum, it) => sum + it.overflowed,
        0,
      ),
    };
  }

  /**
   * The latencies as histograms, for exporters: by cache, operation and answering tier. L1 hits are sampled
   * (`sampleEvery`).
   *
   * @param boundsMs milliseconds, ascending
   */
  latencyBuckets(boundsMs: readonly number[]): LatencyBuckets[] {
    return this.operations.entries().map(({ key, value: { histogram } }) => ({
      ...key,
      count: histogram.count,
      sumMs: histogram.sum,
      within: histogram.countsWithin(boundsMs),
    }));
  }

  /**
   * The last minute, 5 minutes, hour or day of all caches, as plain data: sums, and series by step. Each window ends
   * with the present step, which is not over yet.
   *
   * ```ts
   * const { caches, groups, topKeys } = monitor.windows('5m');
   * ```
   *
   * @throws ValidationError for an unknown window, and if the monitor has the option `windows: false`
   */
  windows(window: WindowName): WindowReport {
    assertOptions('CachePerformanceMonitor.windows', { window }, { window: oneOf(...windowNames) }, [
      'window',
    ]);
    if (this.kept !== undefined) return this.kept.report(window);
    throw new ValidationError('CachePerformanceMonitor keeps no windows: it was made with windows: false');
  }

  /** Resets the metrics to zero. The statistics of the caches are not affected. */
  reset(): void {
    for (const [source, attached] of this.sources) attached.baseline = countersOf(this.ask(source, attached));
    this.closed.clear();
    this.routes.clear();
    this.httpRoutes.clear();
    this.kept?.reset();
    this.operations.clear();
    this.recent = newRecent();
    this.keyOperations.clear();
    this.keys = newKeyTimes();
    this.since = this.clock.now();
  }

  private detach(source: CacheSource): void {
    const attached = this.sources.get(source);
    if (attached === undefined) return;
    const counters = countersSince(this.ask(source, attached), attached.baseline);
    this.sources.delete(source);
    this.kept?.detach(source);
    const left = this.closed.at(source.name, { cache: source.name });
    left.counters = addCounters(left.counters, counters);
  }

  private ask(source: CacheSource, attached: Attached): CacheStats {
    try {
      attached.last = source.stats();
    } catch {
      // Use the last statistics of a failing source: one cache must not break the report.
    }
    return attached.last;
  }

  private totals(): CacheCounters {
    return report.reportTotals(this.caches());
  }

  private caches(): CountedCache[] {
    const open = [...this.sources].map(([source, attached]) => {
      const stats = this.ask(source, attached);
      const counters = countersSince(stats, attached.baseline);
      return { cache: source.name, counters, instances: 1, size: stats.size };
    });
    const closed = this.closed
      .entries()
      .map(({ key, value }) => ({ cache: key.cache, counters: value.counters, instances: 0, size: 0 }));
    return [...open, ...closed];
  }

  private latencies(): OperationLatency[] {
    return this.operations
      .entries()
      .map(({ key, value }) => ({ ...key, ...value.histogram.summary(), failures: value.failures }));
  }

  private keyGeneration(): KeyGenerationReport {
    const byOperation = this.keyOperations
      .entries()
      .map(({ key, value }) => ({ ...key, ...value.histogram.summary(), inputLength: value.inputLength }));
    return { ...this.keys.histogram.summary(), inputLength: this.keys.inputLength, byOperation };
  }
}

function newKeyTimes(): { histogram: Histogram; inputLength: number } {
  return { histogram: new Histogram(), inputLength: 0 };
}
