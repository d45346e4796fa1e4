import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import { refreshTime } from '../entry/l1-entries.js';
import type { LoadPlan } from '../entry/store-plan.js';
import type { LoadDeps } from './load-deps.js';
import type { SingleFlight } from './single-flight.js';

/** True if `refreshAhead` asks for a refresh of the entry. */
export function isRefreshDue(
  { clock }: Pick<LoadDeps, 'clock'>,
  { refreshAhead, ttlMs }: LoadPlan,
  { endsAt, detail }: L1Entry,
): boolean {
  if (refreshAhead === undefined) return false;
  return clock.now() >= refreshTime(endsAt, detail?.ttlMs ?? ttlMs, refreshAhead);
}

/** True for a refresh that finds an entry due for a refresh itself: the refresh needs a newer one. */
export function isDueAgain(
  deps: Pick<LoadDeps, 'clock'>,
  flight: SingleFlight,
  plan: LoadPlan,
  found: L1Entry,
): boolean {
  return flight.background && isRefreshDue(deps, plan, found);
}
