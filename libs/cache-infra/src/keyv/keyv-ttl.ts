import { maxDurationMs, type Ttl } from '../base/duration.js';

/**
 * Converts a ttl in milliseconds, as used by Keyv and cache-manager, to a ttl of this library. `undefined`, 0 and NaN
 * mean "never expires"; a ttl above 365 days, the maximum of this library, becomes 365 days; a negative ttl expires
 * after 1 ms.
 */
export function ttlFromMs(ms: number | undefined): Ttl {
  if (ms === undefined || ms === null || ms === 0 || Number.isNaN(ms)) return 0;
  return `${Math.min(Math.max(Math.round(ms), 1), maxDurationMs)}ms`;
}
