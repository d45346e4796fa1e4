import type { EntryState } from '../entry/freshness.js';

/** Why a caller may get the value at hand instead of a newly loaded one. */
export type StaleReason =
  /** The last load failed a moment ago (`graceBackoff`). */
  | 'backoff'
  /** The load that this caller waited for has failed. */
  | 'load-failed'
  /** The load takes longer than the caller's `softTimeout`. */
  | 'soft-timeout'
  /** The load takes longer than the caller's `hardTimeout`. */
  | 'hard-timeout'
  /** A refresh ahead of time is running, here or in another instance. */
  | 'refreshing-elsewhere';

/**
 * Whether the value at hand is served. This is the one rule.
 *
 * | entry | backoff | load-failed | soft-timeout | hard-timeout | refreshing-elsewhere |
 * | ----- | ------- | ----------- | ------------ | ------------ | -------------------- |
 * | fresh | yes     | yes         | yes          | yes          | yes                  |
 * | stale | yes     | yes         | yes          | yes          | no                   |
 * | dead  | no      | no          | no           | no           | no                   |
 *
 * A refresh ahead of time is no failure: once the ttl is over, callers wait for the value that it loads.
 */
export function mayServeStale(state: EntryState, reason: StaleReason): boolean {
  if (state === 'dead') return false;
  return state === 'fresh' || reason !== 'refreshing-elsewhere';
}
