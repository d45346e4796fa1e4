import type { AiCounters } from '../ai/index.js';
import { windowNames, type WindowName, type WindowReport } from '../monitoring/windows/window-report.js';
import { cacheTotal } from './cache-total.js';
import type { AiSummary, FleetSummary, InstanceSummary } from './summary.js';
import { grouped, sumOf } from './sums.js';
import { windowTotal } from './window-total.js';

/**
 * All instances as if they were one. Caches, groups, routes, keys and tags of the same name are one; how each part is
 * added stands at `windowTotal` and `cacheTotal`.
 *
 * @param at the end of the windows of a fleet without instances, milliseconds since 1970
 */
export function fleetTotal(instances: readonly InstanceSummary[], at: number): FleetSummary['total'] {
  const windows = windowNames.map((name) => {
    const reports = instances.map((instance) => instance.windows[name]);
    return [name, windowTotal(name, reports, at)];
  });
  const caches = grouped(
    instances.map((instance) => instance.caches),
    ({ name }) => name,
  );
  return {
    caches: caches.map(cacheTotal),
    ai: grouped(
      instances.map(({ ai }) => ai),
      ({ cache }) => cache,
    ).map(aiTotal),
    windows: Object.fromEntries(windows) as Record<WindowName, WindowReport>,
  };
}

function aiTotal(parts: readonly [AiSummary, ...AiSummary[]]): AiSummary {
  const operations = grouped(
    parts.map((part) => part.operations),
    ({ name }) => name,
  );
  return {
    cache: parts[0].cache,
    totals: countersTotal(parts.map(({ totals }) => totals)),
    operations: operations.map((each) => ({ name: each[0].name, ...countersTotal(each) })),
  };
}

const counters = [
  ...['calls', 'hits', 'collapsed', 'misses', 'bypassed', 'failures', 'notStored', 'notAccepted'],
  ...['inputTokensSaved', 'outputTokensSaved', 'costSaved', 'unpriced', 'unmetered', 'timeSavedMs'],
] as const satisfies readonly (keyof AiCounters)[];

function countersTotal(parts: readonly AiCounters[]): AiCounters {
  const sums = sumOf(counters, parts);
  const asked = sums.hits + sums.collapsed + sums.misses;
  return { ...sums, hitRatio: asked === 0 ? 0 : sums.hits / asked };
}
