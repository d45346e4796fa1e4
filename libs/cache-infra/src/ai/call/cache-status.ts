import type { BypassReason } from '../answer/cacheability.js';

/** The outcome of a call, as shown in `Cache-Status`. */
export interface CallStatus {
  readonly outcome: 'hit' | 'collapsed' | 'miss' | 'refresh' | 'bypass';
  /** Seconds until the answer expires; undefined = it never expires or is not stored. */
  readonly ttlSeconds?: number | undefined;
  /** The answer is being produced: whether it will be stored is not known yet. */
  readonly isLive?: boolean | undefined;
  /** The answer was stored for a request that is alike. */
  readonly matched?: string | undefined;
  /** Why the answer was not stored. */
  readonly bypassed?: BypassReason | undefined;
}

const forwarded = { collapsed: 'miss', miss: 'miss', refresh: 'request', bypass: 'bypass' } as const;

/** The member of a cache in the `Cache-Status` header (RFC 9211). */
export function cacheStatus(
  cache: string,
  { outcome, ttlSeconds, bypassed, isLive, matched }: CallStatus,
): string {
  let member = `${nameOf(cache)}; ${outcome === 'hit' ? 'hit' : `fwd=${forwarded[outcome]}`}`;
  if (outcome !== 'hit' && bypassed === undefined && isLive !== true) member += '; stored';
  if (outcome === 'collapsed') member += '; collapsed';
  if (ttlSeconds !== undefined && bypassed === undefined) member += `; ttl=${ttlSeconds}`;
  if (matched !== undefined) member += `; detail=${matched}`;
  if (bypassed !== undefined) member += `; detail=${bypassed}`;
  return member;
}

/** A token if possible, else a string, which allows only printable ASCII (RFC 9651 §3.3). */
function nameOf(cache: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(cache)) return cache;
  return `"${cache.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
