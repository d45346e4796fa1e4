/** Pause after the first failure, in milliseconds; each further failure doubles it. */
const firstMs = 1000;
const longestMs = 60_000;
/** The CDN may ask for more than the longest pause, but not to be forgotten: one hour, in milliseconds. */
const longestAskedMs = 3_600_000;

/**
 * Milliseconds until the next attempt, after `failures` failures before the last one. At least the time that the CDN
 * asked for by `Retry-After`.
 */
export function nextPause(failures: number, retryAfterMs = 0): number {
  const own = Math.min(firstMs * 2 ** Math.min(failures, 20), longestMs);
  return Math.max(own, Math.min(retryAfterMs, longestAskedMs));
}
