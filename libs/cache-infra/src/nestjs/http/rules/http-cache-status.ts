const cacheName = 'nestjs-cache-infra-http';

/** Why a request went on to the handler (RFC 9211 §2.2). */
export type ForwardReason = 'bypass' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** How the cache handled a request. */
export interface Handling {
  /** Undefined = the cache answered. */
  readonly fwd?: ForwardReason | undefined;
  /** The status that the handler gave, where it is not the one that is sent. */
  readonly fwdStatus?: number | undefined;
  readonly stored?: boolean | undefined;
  /** The handler ran once for this request and others. */
  readonly collapsed?: boolean | undefined;
  /** Seconds left, negative when stale. */
  readonly ttl?: number | undefined;
  /** A digest of it: URLs may hold secrets. */
  readonly key?: string | undefined;
  /** A token that says more. */
  readonly detail?: string | undefined;
}

/** As `httpCacheStatus`, of a hit. */
export function hitStatus(ttl: number, key: string): string {
  return `${cacheName}; hit; ttl=${String(Math.floor(ttl))}; key="${key}"`;
}

/** The member that the HTTP cache adds to `Cache-Status` (RFC 9211). */
export function httpCacheStatus({ fwd, fwdStatus, stored, collapsed, ttl, key, detail }: Handling): string {
  let member = cacheName;
  member += fwd === undefined ? '; hit' : `; fwd=${fwd}`;
  if (fwdStatus !== undefined) member += `; fwd-status=${String(fwdStatus)}`;
  if (stored === true) member += '; stored';
  if (collapsed === true) member += '; collapsed';
  if (ttl !== undefined) member += `; ttl=${String(Math.floor(ttl))}`;
  if (key !== undefined) member += `; key="${key}"`;
  if (detail !== undefined) member += `; detail=${detail}`;
  return member;
}
