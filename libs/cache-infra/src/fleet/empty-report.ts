import { windowSteps, type WindowName, type WindowReport } from '../monitoring/windows/window-report.js';

/** A window without a cache. `endsAt`: milliseconds since 1970. */
export function emptyReport(window: WindowName, endsAt: number): WindowReport {
  return {
    ...{ window, stepSeconds: windowSteps[window].seconds, endsAt },
    ...{ caches: [], operations: [], groups: [], routes: [], topKeys: [], topTags: [] },
  };
}
