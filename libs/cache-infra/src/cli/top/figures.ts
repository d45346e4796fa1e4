import type { CacheStatus } from '../../cache/contract/health.js';
import type { FleetSummary, InstanceSummary } from '../../fleet/summary.js';
import {
  windowSteps,
  type CacheWindow,
  type GroupWindow,
  type WindowName,
  type WindowReport,
} from '../../monitoring/windows/window-report.js';

/** The numbers of one line of `top`. */
export interface Figures {
  /** Reads, sets and deletes per second. */
  readonly opsPerSecond: number;
  readonly loadsPerSecond: number;
  /** 0-1; null without reads. */
  readonly hitRatio: number | null;
  /** The share of reads that the L1 answered, and Redis. */
  readonly l1Ratio: number | null;
  readonly l2Ratio: number | null;
  /** Milliseconds of 95 % of the calls that ran or joined a loader. */
  readonly loadP95Ms: number | null;
}

/** @param seconds - of the window in which the process ran */
export function figuresOf(caches: readonly CacheWindow[], seconds: number): Figures {
  const sum = (name: keyof CacheWindow['counts']): number =>
    caches.reduce((total, { counts }) => total + counts[name], 0);
  const [l1, l2, misses] = [sum('l1Hits'), sum('l2Hits'), sum('misses')];
  const reads = l1 + l2 + misses;
  const share = (hits: number): number | null => (reads === 0 ? null : hits / reads);
  return {
    opsPerSecond: (reads + sum('sets') + sum('deletes')) / seconds,
    loadsPerSecond: sum('loads') / seconds,
    hitRatio: share(l1 + l2),
    l1Ratio: share(l1),
    l2Ratio: share(l2),
    loadP95Ms: loadP95(caches),
  };
}

/** Of several caches: weighted by their calls, since percentiles cannot be added. */
function loadP95(caches: readonly CacheWindow[]): number | null {
  const timed = caches.flatMap(({ latency: { load } }) =>
    load.p95Ms === null || load.count === 0 ? [] : [{ p95Ms: load.p95Ms, count: load.count }],
  );
  const calls = timed.reduce((sum, { count }) => sum + count, 0);
  return calls === 0 ? null : timed.reduce((sum, { p95Ms, count }) => sum + p95Ms * count, 0) / calls;
}

/** Hits in the L1 of which one is counted in a group, unless the monitor has another `sampleEvery`. */
const sampleEvery = 128;
/** A ratio that may be wrong by more in total, both ways, is not shown. */
const widestSpread = 0.2;

/**
 * The hit ratio of a group of keys, 0-1; null without reads, and with too few reads to tell it within 20 points.
 *
 * One sampled hit stands for many, and so many may be uncounted: the error is that of a count of samples, its square
 * root. The cache counts its hits in the L1 exactly: a group has no more of them, and they tell how often a hit was
 * sampled.
 *
 * @param cache the window of its cache; undefined = not known
 */
export function groupHitRatio(
  { hits, misses }: Pick<GroupWindow, 'hits' | 'misses'>,
  cache: Pick<CacheWindow, 'counts' | 'latency'> | undefined,
): number | null {
  const ratio = (count: number): number | null => (count + misses === 0 ? null : count / (count + misses));
  const l1Hits = cache?.counts.l1Hits ?? Infinity;
  const samples = cache?.latency.l1.count ?? 0;
  const every = samples === 0 ? sampleEvery : Math.min(sampleEvery, l1Hits / samples);
  if (every <= 1) return ratio(hits);
  const error = Math.min(l1Hits, every * Math.max(1, Math.sqrt(hits / every)));
  const spread = (ratio(hits + error) ?? 0) - (ratio(Math.max(0, hits - error)) ?? 0);
  return spread > widestSpread ? null : ratio(hits);
}

/** Seconds of a window in which a process ran: at least one step. */
export function secondsOf(window: WindowName, at: number, startedAt: number): number {
  const { steps, seconds } = windowSteps[window];
  return Math.min(steps * seconds, Math.max(seconds, (at - startedAt) / 1000));
}

/** The hit ratio over time, oldest first, in at most `columns` values. */
export function hitRatios(caches: readonly CacheWindow[], columns: number): (number | null)[] {
  const steps = caches[0]?.series.misses.length ?? 0;
  const perColumn = Math.max(1, Math.ceil(steps / Math.max(1, columns)));
  return Array.from({ length: Math.ceil(steps / perColumn) }, (_, column) => {
    const [from, to] = [column * perColumn, (column + 1) * perColumn];
    const sum = (name: 'l1Hits' | 'l2Hits' | 'misses'): number =>
      caches.reduce(
        (total, { series }) => total + series[name].slice(from, to).reduce((part, each) => part + each, 0),
        0,
      );
    const hits = sum('l1Hits') + sum('l2Hits');
    const reads = hits + sum('misses');
    return reads === 0 ? null : hits / reads;
  });
}

/** The worst status of the caches. */
export function statusOf({ caches }: Pick<InstanceSummary, 'caches'>): CacheStatus {
  const statuses = caches.map(({ health }) => health.status);
  return statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'up';
}

/** A fleet with one of its caches only. */
export function onlyCache(fleet: FleetSummary, name: string): FleetSummary {
  const narrowed = <T extends FleetSummary['total']>(part: T): T => ({
    ...part,
    caches: part.caches.filter((cache) => cache.name === name),
    ai: part.ai.filter(({ cache }) => cache === name),
    windows: Object.fromEntries(
      Object.entries(part.windows).map(([window, report]) => [window, onlyIn(report, name)]),
    ),
  });
  return { ...fleet, instances: fleet.instances.map(narrowed), total: narrowed(fleet.total) };
}

function onlyIn(report: WindowReport, name: string): WindowReport {
  const isIts = ({ cache }: { readonly cache: string }): boolean => cache === name;
  return {
    ...report,
    caches: report.caches.filter(isIts),
    operations: report.operations.filter(isIts),
    groups: report.groups.filter(isIts),
    topKeys: report.topKeys.filter(isIts),
    topTags: report.topTags.filter(isIts),
  };
}
