import { maxDurationMs } from '../base/duration.js';

/**
 * The ttl of this library for one in milliseconds, as Keyv and cache-manager count. None, 0 and what is no number mean "never
 * expires" there; a life beyond 365 days, which no cache of this library takes, becomes 365 days; a negative one ends at once.
 */
export function ttlFromMs(ms: number | undefined): string | 0 {
  if (ms === undefined || ms === null || ms === 0 || Number.isNaN(ms)) return 0;
  return `${String(Math.min(Math.max(Math.round(ms), 1), maxDurationMs))}ms`;
}
