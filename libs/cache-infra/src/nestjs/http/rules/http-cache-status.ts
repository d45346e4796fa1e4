const cacheName = 'nestjs-cache-infra-http';

/** Why a request was forwarded to the handler (RFC 9211 §2.2). */
export type ForwardReason = 'bypass' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** How the cache handled a request. */
export interface Handling {
  /** Undefined if the cache answered. */
  readonly fwd?: ForwardReason | undefined;
  /** The status of the handler's response, if another status is sent. */
  readonly fwdStatus?: number | undefined;
  readonly stored?: boolean | undefined;
  /** True if this request shared a handler run with others. */
  readonly collapsed?: boolean | undefined;
  /** Remaining lifetime in seconds, negative when stale. */
  readonly ttl?: number | undefined;
  /** A digest of the key: URLs may contain secrets. */
  readonly key?: string | undefined;
  /** An additional token. */
  readonly detail?: string | undefined;
}

/** The member of a plain hit, as `httpCacheStatus` would format it. */
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
