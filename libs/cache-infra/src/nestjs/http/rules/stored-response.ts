import { deltaSeconds, isUnqualified, parseCacheControl, qualifiedFields } from './cache-control.js';
import type { Directives } from './cache-control.js';
import { credentials, type Credential } from './credentials.js';
import { freshnessOf, retentionMs, type Freshness, type RouteFreshness } from './freshness.js';
import { fieldText, fieldTokens, type Fields, type FieldValue } from './header-fields.js';
import type { StoredBody } from './stored-body.js';
import { merged, variantOf, varyNames } from './vary.js';

/** A response as stored in the cache. */
export interface StoredResponse extends Freshness {
  readonly status: number;
  readonly fields: Record<string, number | string | string[]>;
  readonly body: StoredBody;
  /** The request fields that select the response, sorted. */
  readonly vary: readonly string[];
  /** A digest of the selecting fields' values. */
  readonly variant: string;
}

/** The storing rules of a route. */
export interface StoringRules extends RouteFreshness {
  /** True for a route with `@HttpCache()`; other routes store responses with an explicit lifetime. */
  readonly decorated: boolean;
  /** True if one response is for all users. */
  readonly shared: boolean;
  readonly vary: readonly string[];
  /** Statuses of 400 and above that may be stored. */
  readonly statuses: readonly number[];
  /** The only fields to store, in lower case; undefined = all. */
  readonly keepFields: readonly string[] | undefined;
  /** The fields not to store, in lower case. */
  readonly dropFields: readonly string[];
}

/** A handler's response. */
export interface Answer {
  readonly status: number;
  /** All header fields of the response. */
  readonly fields: Fields;
  /** The fields that were set before the handler ran, which every response has. */
  readonly before: Fields;
  readonly body: StoredBody;
}

/** Why a response is not stored, as a token for `Cache-Status`. */
export type Refusal =
  | 'status'
  | 'set-cookie'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'vary'
  | 'authorization'
  | 'partial'
  | 'no-freshness'
  | 'stale';

/** Statuses that are cacheable by default (RFC 9110 §15.1), except partial content. */
const cacheableByDefault: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
]);
/** Statuses whose rules this cache knows, for `must-understand` (RFC 9111 §5.2.2.3). */
const understood: ReadonlySet<number> = new Set([
  ...cacheableByDefault,
  201,
  202,
  205,
  302,
  303,
  307,
  400,
  403,
]);

/** Fields of one connection or one message, not of the representation (RFC 9111 §3.1). */
const neverKept: ReadonlySet<string> = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'server-timing',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields of the representation, stored even when equal for every request. */
const alwaysKept: ReadonlySet<string> = new Set([
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
]);

/** The request fields that select responses of a route until a stored response names its own. */
export function assumedVary({ vary, shared }: StoringRules): readonly string[] {
  return merged(vary, shared ? [] : credentials);
}

/**
 * The response to store, or why it must not be stored (RFC 9111 §3, §3.5).
 *
 * A response to a request with credentials is stored for these credentials only, unless the route or the response says
 * that it is for all users. Without `@HttpCache()`, a response to a request with `Authorization` is not stored.
 */
export function toStore(
  answer: Answer,
  request: Fields,
  rules: StoringRules,
  now: number,
): StoredResponse | Refusal {
  const { status, fields } = answer;
  const directives = parseCacheControl(fieldText(fields, 'cache-control'));
  const refusal = refusalOf(answer, directives, rules);
  if (refusal !== undefined) return refusal;

  const names = varyNames(fields);
  if (names === '*') return 'vary';
  const personal = personalFields(rules, directives);
  if (!rules.decorated && request['authorization'] !== undefined && personal.includes('authorization')) {
    return 'authorization';
  }

  const hasRouteTtl = cacheableByDefault.has(status) || rules.statuses.includes(status);
  const ofRoute = hasRouteTtl ? rules : { ...rules, lifetime: undefined };
  const freshness = freshnessOf(directives, fields, ofRoute, now);
  if (freshness === undefined) return 'no-freshness';
  if (retentionMs(freshness, now) === 0) return 'stale';
  const vary = merged(names, rules.vary, personal);
  return {
    ...freshness,
    status,
    fields: keptFields(answer, directives, rules),
    body: answer.body,
    vary,
    variant: variantOf(vary, request),
  };
}

/** The credentials that select a response; none if it is for all users. */
export function personalFields({ shared }: StoringRules, directives: Directives): readonly Credential[] {
  return credentials.filter((name) => !shared && !sharesDespite(name, directives));
}

function refusalOf(
  { status, fields }: Answer,
  directives: Directives,
  rules: StoringRules,
): Refusal | undefined {
  if (status === 206) return 'partial';
  if (status < 200 || status === 304) return 'status';
  if (status >= 400 && !rules.statuses.includes(status)) return 'status';
  if (fields['set-cookie'] !== undefined) return 'set-cookie';
  if (directives.has('must-understand')) {
    if (!understood.has(status)) return 'status';
  } else if (directives.has('no-store')) return 'no-store';
  if (isUnqualified(directives, 'private')) return 'private';
  // A handler cannot revalidate a response, only create a new one.
  if (isUnqualified(directives, 'no-cache')) return 'no-cache';
  return undefined;
}

/** RFC 9111 §3.5 covers `Authorization` only: for cookies and API keys, the response must be explicitly shared. */
function sharesDespite(name: Credential, directives: Directives): boolean {
  if (directives.has('public') || deltaSeconds(directives, 's-maxage') !== undefined) return true;
  return name === 'authorization' && directives.has('must-revalidate');
}

function keptFields(
  { fields, before }: Answer,
  directives: Directives,
  { keepFields, dropFields }: StoringRules,
): Record<string, number | string | string[]> {
  const dropped = new Set([
    ...dropFields,
    ...fieldTokens(fields, 'connection'),
    ...qualifiedFields(directives),
  ]);
  const kept: Record<string, number | string | string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || neverKept.has(name) || dropped.has(name)) continue;
    if (!alwaysKept.has(name)) {
      if (fieldText(before, name) === fieldText(fields, name)) continue;
      if (keepFields !== undefined && !keepFields.includes(name)) continue;
    }
    kept[name] = mutable(value);
  }
  return kept;
}

/** Copies a list, which callers may modify. */
export function mutable(value: FieldValue): number | string | string[] {
  return typeof value === 'object' ? [...value] : value;
}
