import type { WindowName, WindowReport } from '../monitoring/windows/window-report.js';
import type { InstanceSummary } from './summary.js';

/** What a published summary leaves out. */
export interface Trim {
  /** Most groups, routes, top keys and top tags of a window. */
  readonly lines: number;
  /** Caches whose keys and tags may be named. */
  readonly named: ReadonlySet<string>;
  /** Most caches. */
  readonly caches: number;
}

/** A summary without what `trim` leaves out. Lists keep their first elements, which matter most. */
export function trimmed(summary: InstanceSummary, trim: Trim): InstanceSummary {
  const windows = Object.entries(summary.windows).map(([name, report]) => [name, ofReport(report, trim)]);
  return {
    ...summary,
    caches: summary.caches.slice(0, trim.caches),
    ai: summary.ai
      .slice(0, trim.caches)
      .map((each) => ({ ...each, operations: each.operations.slice(0, trim.lines) })),
    windows: Object.fromEntries(windows) as Record<WindowName, WindowReport>,
  };
}

function ofReport(report: WindowReport, { lines, named, caches }: Trim): WindowReport {
  const isNamed = ({ cache }: { readonly cache: string }): boolean => named.has(cache);
  return {
    ...report,
    caches: report.caches.slice(0, caches),
    operations: report.operations.slice(0, lines),
    // The group of a decorated method names the method; any other group has words of its keys.
    groups: report.groups.filter((it) => isNamed(it) || it.group.endsWith('(*)')).slice(0, lines),
    routes: report.routes.slice(0, lines),
    topKeys: report.topKeys.filter(isNamed).slice(0, lines),
    topTags: report.topTags.filter(isNamed).slice(0, lines),
  };
}
