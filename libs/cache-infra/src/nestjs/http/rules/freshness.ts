import { deltaSeconds, isUnqualified, maxDeltaSeconds } from './cache-control.js';
import type { Directives, RequestDirectives } from './cache-control.js';
import { fieldText, type Fields } from './header-fields.js';
import { parseHttpDate } from './http-date.js';

/** The freshness of a response, in seconds, except `time`. */
export interface Freshness {
  /** When the response was created: milliseconds since the Unix epoch. */
  readonly time: number;
  /** The age of the response at `time` (RFC 9111 §4.2.3). */
  readonly initialAge: number;
  readonly lifetime: number;
  /** How long the stale response may be served while it is revalidated (RFC 5861 §3). */
  readonly staleWhileRevalidate: number;
  /** How long the stale response may be served when revalidation fails (RFC 5861 §4). */
  readonly staleIfError: number;
  /** True if the response must not be served stale (RFC 9111 §4.2.4). */
  readonly mustRevalidate: boolean;
}

/** The defaults of a route for responses without directives of their own, in seconds. */
export interface RouteFreshness {
  readonly lifetime?: number | undefined;
  readonly staleWhileRevalidate?: number | undefined;
  readonly staleIfError?: number | undefined;
}

/**
 * The explicit lifetime of a response in a shared cache: the first of `s-maxage`, `max-age` and `Expires` (RFC 9111
 * §4.2.1). Undefined if the response has none.
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

/**
 * The initial age of a response, from its `Age` and `Date`. The handler's run time does not count: the age starts at
 * the response.
 */
export function initialAge(fields: Fields, now: number): number {
  const date = parseHttpDate(fieldText(fields, 'date'), now) ?? now;
  const apparent = Math.max(0, Math.floor((now - date) / 1000));
  const first = (fieldText(fields, 'age') ?? '').split(',', 1)[0]?.split(';', 1)[0]?.trim() ?? '';
  const age = /^\d+$/.test(first) ? Math.min(Number(first), maxDeltaSeconds) : 0;
  return Math.max(apparent, age);
}

/** Undefined if neither the response nor its route has a lifetime. */
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
    // s-maxage implies proxy-revalidate (RFC 9111 §5.2.2.10), unless the response allows staleness explicitly.
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

/** The current age, in seconds (RFC 9111 §4.2.3). */
export function currentAge({ time, initialAge: age }: Freshness, now: number): number {
  return age + Math.max(0, (now - time) / 1000);
}

/** Remaining lifetime in seconds; negative = stale for that long. */
export function secondsLeft(response: Freshness, now: number): number {
  return response.lifetime - currentAge(response, now);
}

/** How long to store the response, in milliseconds; 0 = not at all. */
export function retentionMs(response: Freshness, now: number): number {
  const left = secondsLeft(response, now);
  if (left <= 0) return 0;
  return Math.ceil((left + Math.max(response.staleWhileRevalidate, response.staleIfError)) * 1000);
}

/** `serve` the response; serve and `revalidate` it in the background; `forward` the request to the handler. */
export type Use = 'serve' | 'revalidate' | 'forward';

/** How to use a stored response for a request (RFC 9111 §4, §5.2.1). */
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

/** True if a stored response may replace an error (RFC 5861 §4). */
export function standsInForError(response: Freshness, request: RequestDirectives, now: number): boolean {
  const staleness = -secondsLeft(response, now);
  if (staleness < 0) return false;
  return !response.mustRevalidate && staleness < Math.max(response.staleIfError, request.staleIfError ?? 0);
}
