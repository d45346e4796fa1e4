import type { BypassReason } from './result.js';

/** How a call went, as far as its `Cache-Status` tells. */
export interface CallStatus {
  readonly outcome: 'hit' | 'collapsed' | 'miss' | 'refresh' | 'bypass';
  /** Seconds that the answer has left; undefined = it never expires or is not stored. */
  readonly ttlSeconds?: number | undefined;
  /** Why it was not stored. */
  readonly bypassed?: BypassReason | undefined;
}

const forwarded = { collapsed: 'miss', miss: 'miss', refresh: 'request', bypass: 'bypass' } as const;

/** The member that a cache adds to the `Cache-Status` header (RFC 9211). */
export function cacheStatus(cache: string, { outcome, ttlSeconds, bypassed }: CallStatus): string {
  const parameters = [outcome === 'hit' ? 'hit' : `fwd=${forwarded[outcome]}`];
  if (outcome !== 'hit' && bypassed === undefined) parameters.push('stored');
  if (outcome === 'collapsed') parameters.push('collapsed');
  if (ttlSeconds !== undefined && bypassed === undefined) parameters.push(`ttl=${ttlSeconds}`);
  if (bypassed !== undefined) parameters.push(`detail=${bypassed}`);
  return [nameOf(cache), ...parameters].join('; ');
}

/** A token where it can be, else a string, which holds printable ASCII only (RFC 9651 §3.3). */
function nameOf(cache: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(cache)) return cache;
  return `"${cache.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
