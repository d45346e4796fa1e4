import type { BypassReason } from './result.js';

/** The outcome of a call, as shown in `Cache-Status`. */
export interface CallStatus {
  readonly outcome: 'hit' | 'collapsed' | 'miss' | 'refresh' | 'bypass';
  /** Seconds until the answer expires; undefined = it never expires or is not stored. */
  readonly ttlSeconds?: number | undefined;
  /** Why the answer was not stored. */
  readonly bypassed?: BypassReason | undefined;
}

const forwarded = { collapsed: 'miss', miss: 'miss', refresh: 'request', bypass: 'bypass' } as const;

/** The member of a cache in the `Cache-Status` header (RFC 9211). */
export function cacheStatus(cache: string, { outcome, ttlSeconds, bypassed }: CallStatus): string {
  const parameters = [outcome === 'hit' ? 'hit' : `fwd=${forwarded[outcome]}`];
  if (outcome !== 'hit' && bypassed === undefined) parameters.push('stored');
  if (outcome === 'collapsed') parameters.push('collapsed');
  if (ttlSeconds !== undefined && bypassed === undefined) parameters.push(`ttl=${ttlSeconds}`);
  if (bypassed !== undefined) parameters.push(`detail=${bypassed}`);
  return [nameOf(cache), ...parameters].join('; ');
}

/** A token if possible, else a string, which allows only printable ASCII (RFC 9651 §3.3). */
function nameOf(cache: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(cache)) return cache;
  return `"${cache.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
