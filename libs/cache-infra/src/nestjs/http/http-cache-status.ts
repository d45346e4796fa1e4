import { sha256 } from '../../keys/digest.js';
import { remembered } from './memo.js';

const cacheName = 'nestjs-cache-infra-http';

const shownKey = remembered((key) => sha256(key).slice(0, 16));

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
  readonly key?: string | undefined;
  /** A token that says more. */
  readonly detail?: string | undefined;
}

/** The member that the HTTP cache adds to `Cache-Status` (RFC 9211). A key is shown as a digest: URLs may hold secrets. */
export function httpCacheStatus({ fwd, fwdStatus, stored, collapsed, ttl, key, detail }: Handling): string {
  return [
    cacheName,
    fwd === undefined ? 'hit' : `fwd=${fwd}`,
    ...(fwdStatus === undefined ? [] : [`fwd-status=${String(fwdStatus)}`]),
    ...(stored === true ? ['stored'] : []),
    ...(collapsed === true ? ['collapsed'] : []),
    ...(ttl === undefined ? [] : [`ttl=${String(Math.floor(ttl))}`]),
    ...(key === undefined ? [] : [`key="${shownKey(key)}"`]),
    ...(detail === undefined ? [] : [`detail=${detail}`]),
  ].join('; ');
}
