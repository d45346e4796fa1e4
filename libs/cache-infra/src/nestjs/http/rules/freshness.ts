import { deltaSeconds, isUnqualified, maxDeltaSeconds } from './cache-control.js';
import type { Directives, RequestDirectives } from './cache-control.js';
import { fieldText, type Fields } from './header-fields.js';
import { parseHttpDate } from './http-date.js';

/** How long a response can be used. Seconds, but for `time`. */
export interface Freshness {
  /** When it was made: milliseconds since the Unix epoch. */
  readonly time: number;
  /** How old it was then (RFC 9111 §4.2.3). */
  readonly initialAge: number;
  readonly lifetime: number;
  /** How long past its lifetime it may be served while it is made anew (RFC 5861 §3). */
  readonly staleWhileRevalidate: number;
  /** How long past its lifetime it may be served when making it anew fails (RFC 5861 §4). */
  readonly staleIfError: number;
  /** Never served past its lifetime (RFC 9111 §4.2.4). */
  readonly mustRevalidate: boolean;
}

/** What a route says for responses that say nothing. Seconds. */
export interface RouteFreshness {
  readonly lifetime?: number | undefined;
  readonly staleWhileRevalidate?: number | undefined;
  readonly staleIfError?: number | undefined;
}

/**
 * The lifetime that a response gives itself, for a shared cache: `s-maxage`, `max-age`, `Expires`, the first of them
 * (RFC 9111 §4.2.1). Undefined = it gives none.
 */
export function explicitLifetime(directives: Directives, fields: Fields, now: number): number | undefined {
  const seconds = deltaSeconds(directives, 's-maxage') ?? deltaSeconds(directives, 'max-age');
  if (seconds !== undefined) return seconds;
  const expires = fieldText(fields, 'expires');
  if (expires === undefined) return undefined;
  const end = parseHttpDate(expires, now);
  const start = parseHttpDate(fieldText(fields, 'date'), now) ?? now;
  return end === undefined ? 0 : Math.max(0, Math.floor((end - start) / 1000));
}

/** How old a response is when it is made: by its `Age` and its `Date`. The handler's own time does not count: it ends with the answer. */
export function initialAge(fields: Fields, now: number): number {
  const date = parseHttpDate(fieldText(fields, 'date'), now) ?? now;
  const apparent = Math.max(0, Math.floor((now - date) / 1000));
  const first = (fieldText(fields, 'age') ?? '').split(',', 1)[0]?.split(';', 1)[0]?.trim() ?? '';
  const age = /^\d+$/.test(first) ? Math.min(Number(first), maxDeltaSeconds) : 0;
  return Math.max(apparent, age);
}

/** Undefined = neither the response nor its route says for how long. */
export function freshnessOf(
  directives: Directives,
  fields: Fields,
  route: RouteFreshness,
  now: number,
): Freshness | undefined {
  const lifetime = explicitLifetime(directives, fields, now) ?? route.lifetime;
  if (lifetime === undefined) return undefined;
  const whileRevalidating = deltaSeconds(directives, 'stale-while-revalidate');
  const ifError = deltaSeconds(directives, 'stale-if-error');
  const forbidden =
    directives.has('must-revalidate') ||
    directives.has('proxy-revalidate') ||
    isUnqualified(directives, 'no-cache') ||
    // s-maxage means proxy-revalidate (RFC 9111 §5.2.2.10), unless the response itself says how stale it may be.
    (directives.has('s-maxage') && whileRevalidating === undefined && ifError === undefined);
  return {
    time: now,
    initialAge: initialAge(fields, now),
    lifetime,
    staleWhileRevalidate: forbidden ? 0 : (whileRevalidating ?? route.staleWhileRevalidate ?? 0),
    staleIfError: forbidden ? 0 : (ifError ?? route.staleIfError ?? 0),
    mustRevalidate: forbidden,
  };
}

/** Seconds (RFC 9111 §4.2.3). */
export function currentAge({ time, initialAge: age }: Freshness, now: number): number {
  return age + Math.max(0, (now - time) / 1000);
}

/** Seconds left; negative = stale for so long. */
export function secondsLeft(response: Freshness, now: number): number {
  return response.lifetime - currentAge(response, now);
}

/** How long it is worth keeping, in milliseconds: 0 = not at all. */
export function retentionMs(response: Freshness, now: number): number {
  const left = secondsLeft(response, now);
  if (left <= 0) return 0;
  return Math.ceil((left + Math.max(response.staleWhileRevalidate, response.staleIfError)) * 1000);
}

/** `serve` it; serve it and `revalidate` in the background; `forward` the request to the handler. */
export type Use = 'serve' | 'revalidate' | 'forward';

/** What to do with a stored response for a request (RFC 9111 §4, §5.2.1). */
export function useOf(response: Freshness, request: RequestDirectives, now: number): Use {
  const age = currentAge(response, now);
  const left = response.lifetime - age;
  if (request.noCache || (request.maxAge !== undefined && age > request.maxAge)) return 'forward';
  if (left > 0) return left >= (request.minFresh ?? 0) ? 'serve' : 'forward';
  if (response.mustRevalidate || request.minFresh !== undefined) return 'forward';
  if (request.maxStale !== undefined && -left <= request.maxStale) return 'serve';
  if (request.maxAge !== undefined) return 'forward';
  return -left < response.staleWhileRevalidate ? 'revalidate' : 'forward';
}

/** Whether a stored response may stand in for an error (RFC 5861 §4). */
export function standsInForError(response: Freshness, request: RequestDirectives, now: number): boolean {
  const staleness = -secondsLeft(response, now);
  if (staleness < 0) return false;
  return !response.mustRevalidate && staleness < Math.max(response.staleIfError, request.staleIfError ?? 0);
}
