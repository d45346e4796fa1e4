import type { RequestActivity } from '../../cache/observe/activity.js';

const cacheName = 'nestjs-cache-infra';

/**
 * The member that this cache adds to `Cache-Status` (RFC 9211); `undefined` when the request read no cache. `hit`:
 * every read was a hit. `fwd=miss`: at least one read missed; `stored`: at least one value was stored.
 */
export function cacheStatus({ hits, misses, sets, l1Hits, l2Hits }: RequestActivity): string | undefined {
  if (hits + misses === 0) return undefined;
  const stored = sets > 0 ? '; stored' : '';
  if (misses > 0)
    return `${cacheName}; fwd=miss${stored}; detail="hits=${String(hits)},misses=${String(misses)}"`;
  const tiers = [...(l1Hits > 0 ? ['l1'] : []), ...(l2Hits > 0 ? ['l2'] : [])];
  const detail = tiers.length === 1 ? tiers.join('') : `"${tiers.join(',')}"`;
  return `${cacheName}; hit${tiers.length === 0 ? '' : `; detail=${detail}`}`;
}

/** The `Server-Timing` metric of this cache: milliseconds spent in the cache, without loaders. */
export function serverTiming(activity: RequestActivity): string | undefined {
  const { hits, misses, sets, durationMs, loadMs } = activity;
  if (hits + misses + sets === 0) return undefined;
  const duration = Math.max(0, durationMs - loadMs).toFixed(1);
  return `cache;dur=${duration};desc="hits=${String(hits)},misses=${String(misses)}"`;
}

/** The common part of Node's HTTP/1 and HTTP/2 responses. */
export interface RawResponse {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  writeHead(...args: unknown[]): unknown;
}

export function isRawResponse(value: unknown): value is RawResponse {
  if (typeof value !== 'object' || value === null) return false;
  const { getHeader, setHeader, writeHead } = value as Partial<RawResponse>;
  return [getHeader, setHeader, writeHead].every((it) => typeof it === 'function');
}

/** Appends a member to a list header. */
export function appendHeader(response: RawResponse, name: string, member: string | undefined): void {
  if (member === undefined) return;
  const before = response.getHeader(name);
  if (before === undefined) {
    response.setHeader(name, member);
    return;
  }
  const members = Array.isArray(before) ? before : [before];
  response.setHeader(name, [...members.map(String), member].join(', '));
}

/** The `writeHead` wrappers of this file, each with the function that it wraps. */
const ours = new WeakMap<object, object>();

/**
 * Calls `add` once, at the last moment at which headers can be set, with the arguments of `writeHead()`. Every way to
 * end a response (a handler with `@Res()`, a stream, an exception filter) calls `writeHead`, directly or through Node.
 */
export function beforeHeaders(response: RawResponse, add: (args: readonly unknown[]) => void): void {
  wrapWriteHead(response, (writeHead, args) => {
    if (!response.headersSent) add(args);
    return writeHead(...args);
  });
}

/** Calls `tell` once, after the headers are sent, with the arguments of `writeHead()`. */
export function whenHeadersSent(response: RawResponse, tell: (args: readonly unknown[]) => void): void {
  wrapWriteHead(response, (writeHead, args) => {
    const result = writeHead(...args);
    tell(args);
    return result;
  });
}

type WriteHead = RawResponse['writeHead'];

function wrapWriteHead(
  response: RawResponse,
  call: (writeHead: WriteHead, args: readonly unknown[]) => unknown,
): void {
  // The function itself, not a bound copy: `isPatched` compares it.
  const writeHead = Reflect.get<RawResponse, 'writeHead'>(response, 'writeHead');
  const wrapper: WriteHead = (...args) => {
    response.writeHead = writeHead;
    return call(writeHead.bind(response), args);
  };
  ours.set(wrapper, writeHead);
  response.writeHead = wrapper;
}

/** The functions that send a response, of Node and of Express. */
const sending = ['writeHead', 'write', 'end', 'flushHeaders', 'send', 'json'] as const;

/** True if code other than this library has replaced a function that sends the response. */
export function isPatched(response: RawResponse): boolean {
  return sending.some((name) => {
    if (!Object.hasOwn(response, name)) return false;
    let own: unknown = Reflect.get(response, name);
    while (typeof own === 'function' && ours.has(own)) own = ours.get(own);
    return own !== Reflect.get(Object.getPrototypeOf(response) as object, name);
  });
}
