import {
  answerers,
  countNames,
  windowSteps,
  type Answerer,
  type CacheWindow,
  type CountName,
  type GroupWindow,
  type OperationWindow,
  type RouteWindow,
  type TopKey,
  type TopTag,
  type WindowCounts,
  type WindowLatency,
  type WindowName,
  type WindowReport,
} from '../monitoring/windows/window-report.js';
import { emptyReport } from './empty-report.js';
import { grouped, sum, sumOf, weighted } from './sums.js';

/** A cache of one instance, and by how many steps its series reach beyond the end of the sum. */
interface Part {
  readonly window: CacheWindow;
  readonly ahead: number;
}

/** The counts whose calls an answerer has answered: the weights of its medians by step. */
const answeredBy: Readonly<Record<Answerer, readonly CountName[]>> = {
  l1: ['l1Hits'],
  l2: ['l2Hits'],
  load: ['loads', 'coalesced'],
};

/**
 * The reports of several instances as if they were one. The sum ends where the oldest report ends: its last steps have
 * no gaps, and the first steps lack the instances whose reports begin later. Counts and the sums of the window are
 * added. A percentile is the mean of the instances' percentiles, weighted by their counts: an approximation, since
 * percentiles cannot be added.
 *
 * @param at the end of the sum without a report, milliseconds since 1970
 */
export function windowTotal(name: WindowName, reports: readonly WindowReport[], at: number): WindowReport {
  const { steps, seconds } = windowSteps[name];
  const endsAt = reports.length === 0 ? at : Math.min(...reports.map((report) => report.endsAt));
  const parts = reports.map((report) => {
    const ahead = Math.min(steps, Math.round((report.endsAt - endsAt) / (seconds * 1000)));
    return report.caches.map((window) => ({ window, ahead }));
  });
  const caches = grouped(parts, ({ window }) => window.cache).map(cacheTotal);
  return {
    ...emptyReport(name, endsAt),
    caches,
    operations: operationTotals(reports),
    groups: groupTotals(reports),
    routes: routeTotals(reports),
    topKeys: topKeys(reports, caches),
    topTags: topTags(reports),
  };
}

function cacheTotal(parts: readonly [Part, ...Part[]]): CacheWindow {
  const windows = parts.map(({ window }) => window);
  const counts = sumOf(
    countNames,
    windows.map((window) => window.counts),
  );
  const series = byName(countNames, (name) =>
    added(parts.map(({ window, ahead }) => delayed(window.series[name], ahead, 0))),
  );
  return {
    cache: parts[0].window.cache,
    counts,
    hitRatio: hitRatioOf(counts),
    series,
    latency: byName(answerers, (by) => latencyTotal(windows.map((window) => window.latency[by]))),
    p50Series: byName(answerers, (by) => medians(parts, by)),
  };
}

/** A series that ends `ahead` steps earlier: the first steps are not known. */
function delayed<T>(series: readonly T[], ahead: number, unknown: T): T[] {
  return [...Array<T>(ahead).fill(unknown), ...series.slice(0, series.length - ahead)];
}

function added(series: readonly (readonly number[])[]): number[] {
  return (series[0] ?? []).map((_, step) => sum(series.map((one) => one[step] ?? 0)));
}

function medians(parts: readonly Part[], by: Answerer): (number | null)[] {
  const lines = parts.map(({ window, ahead }) => ({
    medians: delayed<number | null>(window.p50Series[by], ahead, null),
    calls: delayed(added(answeredBy[by].map((name) => window.series[name])), ahead, 0),
  }));
  return (lines[0]?.medians ?? []).map((_, step) =>
    weighted(
      lines.map((line) => line.medians[step] ?? null),
      lines.map((line) => line.calls[step] ?? 0),
    ),
  );
}

function latencyTotal(parts: readonly WindowLatency[]): WindowLatency {
  const counts = parts.map(({ count }) => count);
  const mean = (name: 'p50Ms' | 'p95Ms' | 'p99Ms'): number | null =>
    weighted(
      parts.map((part) => part[name]),
      counts,
    );
  return { p50Ms: mean('p50Ms'), p95Ms: mean('p95Ms'), p99Ms: mean('p99Ms'), count: sum(counts) };
}

function operationTotals(reports: readonly WindowReport[]): OperationWindow[] {
  const lists = reports.map(({ operations }) => operations);
  return grouped(lists, ({ cache, operation }) => JSON.stringify([cache, operation])).map((parts) => ({
    ...{ cache: parts[0].cache, operation: parts[0].operation },
    ...latencyTotal(parts),
    ...sumOf(['calls', 'failures'], parts),
  }));
}

function groupTotals(reports: readonly WindowReport[]): GroupWindow[] {
  const lists = reports.map(({ groups }) => groups);
  const totals = grouped(lists, ({ cache, group }) => JSON.stringify([cache, group])).map((parts) => {
    const sums = sumOf(['hits', 'misses', 'loads', 'loadErrors', 'loadMs'], parts);
    return { cache: parts[0].cache, group: parts[0].group, ...sums, hitRatio: ratioOf(sums) };
  });
  return totals.sort((a, b) => b.loads - a.loads);
}

function routeTotals(reports: readonly WindowReport[]): RouteWindow[] {
  const lists = reports.map(({ routes }) => routes);
  const totals = grouped(lists, ({ route }) => route).map((parts) => {
    const sums = sumOf(['requests', 'hits', 'misses', 'loads', 'loadMs'], parts);
    return { route: parts[0].route, ...sums, hitRatio: ratioOf(sums) };
  });
  return totals.sort((a, b) => b.requests - a.requests);
}

function topKeys(reports: readonly WindowReport[], caches: readonly CacheWindow[]): TopKey[] {
  const reads = new Map(caches.map(({ cache, counts }) => [cache, readsOf(counts)]));
  const lists = reports.map((report) => report.topKeys);
  const totals = grouped(lists, ({ cache, namespaces, key }) => JSON.stringify([cache, namespaces, key])).map(
    (parts) => {
      const { cache, namespaces, key } = parts[0];
      const own = sum(parts.map((part) => part.reads));
      const all = reads.get(cache) ?? 0;
      return { cache, namespaces, key, reads: own, share: all === 0 ? 0 : Math.min(1, own / all) };
    },
  );
  return totals.sort((a, b) => b.reads - a.reads);
}

function topTags(reports: readonly WindowReport[]): TopTag[] {
  const lists = reports.map((report) => report.topTags);
  const totals = grouped(lists, ({ cache, tag }) => JSON.stringify([cache, tag])).map((parts) => ({
    ...{ cache: parts[0].cache, tag: parts[0].tag },
    ...sumOf(['invalidations'], parts),
  }));
  return totals.sort((a, b) => b.invalidations - a.invalidations);
}

function readsOf({ l1Hits, l2Hits, misses }: WindowCounts): number {
  return l1Hits + l2Hits + misses;
}

function hitRatioOf(counts: WindowCounts): number | null {
  return ratioOf({ hits: counts.l1Hits + counts.l2Hits, misses: counts.misses });
}

function ratioOf({ hits, misses }: { readonly hits: number; readonly misses: number }): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

function byName<N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, T>;
}
