import { isSuperseded } from '../invalidate/in-flight.js';
import type { LoadDeps } from './load-deps.js';
import type { LoadResult, SingleFlight } from './single-flight.js';
import { mayServeStale } from './stale-policy.js';

/**
 * The value at hand, if it may be served for `reason`. Pulls tag invalidations by other instances first, since an
 * invalidation ends the grace.
 */
export async function valueAtHand(
  deps: Pick<LoadDeps, 'lookup' | 'entries'>,
  flight: SingleFlight,
  reason: 'load-failed' | 'soft-timeout' | 'hard-timeout',
): Promise<Extract<LoadResult, { from: 'stale' }> | undefined> {
  const { stale } = flight;
  if (stale === undefined || flight.superseded) return undefined;
  await deps.lookup.pullTagsOf(stale);
  if (isSuperseded(flight) || !mayServeStale(deps.entries.stateOf(stale), reason)) return undefined;
  return { from: 'stale', value: stale.value };
}
