import type { CacheStatus } from '../cache/contract/health.js';
import type { FleetSummary, InstanceSummary } from '../fleet/summary.js';
import type { DashboardView } from './dashboard-source.js';
import type { DashboardState, InstanceLine } from './state.js';

const worse: readonly CacheStatus[] = ['up', 'degraded', 'down'];

/** A fleet as the page shows it. `shown`: the id of an instance; null, or the id of none = the sum of all. */
export function viewOf(
  { at, instances, total }: FleetSummary,
  source: DashboardState['source'],
  shown: string | null,
): DashboardView {
  const instance = instances.find(({ id }) => id === shown);
  const { caches, ai, windows } = instance ?? total;
  return {
    at,
    source,
    instances: instances.map(lineOf),
    shown: instance?.id ?? null,
    summary: { caches, ai, windows },
  };
}

function lineOf(instance: InstanceSummary): InstanceLine {
  const { id, name, startedAt, at, node, release, rssBytes, caches } = instance;
  const worst = Math.max(0, ...caches.map(({ health }) => worse.indexOf(health.status)));
  return { id, name, startedAt, at, node, release, rssBytes, status: worse[worst] ?? 'up' };
}
