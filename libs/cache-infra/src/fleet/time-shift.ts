import type { WindowName, WindowReport } from '../monitoring/windows/window-report.js';
import type { InstanceSummary } from './summary.js';

/** A summary with all its moments moved by `ms`: from the clock of its host to another clock. */
export function shifted(summary: InstanceSummary, ms: number): InstanceSummary {
  const windows = Object.entries(summary.windows).map(([name, report]) => [
    name,
    { ...report, endsAt: report.endsAt + ms },
  ]);
  return {
    ...summary,
    startedAt: summary.startedAt + ms,
    at: summary.at + ms,
    caches: summary.caches.map((cache) => ({
      ...cache,
      events: cache.events.map((change) => ({ ...change, at: change.at + ms })),
    })),
    windows: Object.fromEntries(windows) as Record<WindowName, WindowReport>,
  };
}
