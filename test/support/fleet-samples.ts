import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { instanceSummary } from '../../libs/cache-infra/src/fleet/instance-summary.js';
import type { InstanceSummary } from '../../libs/cache-infra/src/fleet/summary.js';
import {
  answerers,
  countNames,
  windowNames,
  windowSteps,
  type CacheWindow,
  type WindowCounts,
  type WindowName,
  type WindowReport,
} from '../../libs/cache-infra/src/monitoring/windows/window-report.js';

const none = Object.fromEntries(countNames.map((name) => [name, 0])) as WindowCounts;

function byName<N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, T>;
}

/** What one cache did in the last step of each window. */
export interface CacheSample extends Partial<WindowCounts> {
  readonly cache: string;
  readonly p50Ms?: number | null;
}

/** A cache whose counts all fell into the last step of the window. */
export function cacheWindow(window: WindowName, { cache, p50Ms = null, ...given }: CacheSample): CacheWindow {
  const { steps } = windowSteps[window];
  const counts = { ...none, ...given };
  const { l1Hits, l2Hits, misses } = counts;
  const timed = { l1: l1Hits, l2: l2Hits, load: counts.loads };
  const last = <T>(value: T, before: T): T[] => [...Array<T>(steps - 1).fill(before), value];
  return {
    cache,
    counts,
    hitRatio: l1Hits + l2Hits + misses === 0 ? null : (l1Hits + l2Hits) / (l1Hits + l2Hits + misses),
    series: byName(countNames, (name) => last(counts[name], 0)),
    latency: byName(answerers, (by) => ({ p50Ms, p95Ms: p50Ms, p99Ms: p50Ms, count: timed[by] })),
    p50Series: byName(answerers, () => last<number | null>(p50Ms, null)),
  };
}

export interface ReportSample extends Partial<Omit<WindowReport, 'window' | 'caches'>> {
  readonly caches?: readonly CacheSample[];
}

export function windowReport(window: WindowName, { caches = [], ...given }: ReportSample): WindowReport {
  return {
    ...{ window, stepSeconds: windowSteps[window].seconds, endsAt: 1_000_000 },
    ...{ operations: [], groups: [], routes: [], topKeys: [], topTags: [], ...given },
    caches: caches.map((sample) => cacheWindow(window, sample)),
  };
}

/** The summary of an instance whose windows all hold the same. Its caches live in memory. */
export async function instanceSample(
  sample: ReportSample,
  given: Partial<InstanceSummary> = {},
): Promise<InstanceSummary> {
  const caches = (sample.caches ?? []).map(({ cache }) => ({ cache: new InMemoryCache({ name: cache }) }));
  const windows = windowNames.map((name) => [name, windowReport(name, sample)]);
  const summary = await instanceSummary({ id: given.id ?? 'one', caches });
  return {
    ...summary,
    ...{ windows: Object.fromEntries(windows) as Record<WindowName, WindowReport>, ...given },
  };
}
