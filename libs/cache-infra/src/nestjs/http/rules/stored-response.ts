import { deltaSeconds, isUnqualified, parseCacheControl, qualifiedFields } from './cache-control.js';
import type { Directives } from './cache-control.js';
import { credentials, type Credential } from './credentials.js';
import { freshnessOf, retentionMs, type Freshness, type RouteFreshness } from './freshness.js';
import { fieldText, fieldTokens, type Fields, type FieldValue } from './header-fields.js';
import type { StoredBody } from './stored-body.js';
import { merged, variantOf, varyNames } from './vary.js';

/** A response as the cache keeps it. */
export interface StoredResponse extends Freshness {
  readonly status: number;
  readonly fields: Record<string, number | string | string[]>;
  readonly body: StoredBody;
  /** The request fields that selected it, sorted. */
  readonly vary: readonly string[];
  /** What they were, as a digest. */
  readonly variant: string;
}

/** What a route says about storing. */
export interface StoringRules extends RouteFreshness {
  /** The route asked for a cache; others store what says itself for how long. */
  readonly decorated: boolean;
  /** One answer for all users. */
  readonly shared: boolean;
  readonly vary: readonly string[];
  /** Statuses of 400 and above that may be stored. */
  readonly statuses: readonly number[];
  /** Only these are kept; undefined = all. Lower case. */
  readonly keepFields: readonly string[] | undefined;
  /** Not kept. Lower case. */
  readonly dropFields: readonly string[];
}

/** A handler's answer. */
export interface Answer {
  readonly status: number;
  /** All that were set. */
  readonly fields: Fields;
  /** Those that were set before the handler ran, and so are set for every request. */
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

/** Statuses that need no word of their own to be stored (RFC 9110 §15.1), less partial content. */
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

/** About one connection or one answer, never about the representation (RFC 9111 §3.1). */
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

/** Part of the representation, also when they are the same for every request. */
const alwaysKept: ReadonlySet<string> = new Set([
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
]);

/** The request fields by which answers of a route are told apart, as long as no answer is known. */
export function assumedVary({ vary, shared }: StoringRules): readonly string[] {
  return merged(vary, shared ? [] : credentials);
}

/**
 * The response to store, or why it must not be (RFC 9111 §3, §3.5).
 *
 * An answer to a request with credentials is stored for these credentials only, unless the route or the answer says that it
 * is for all. Without a word of the route, an answer to a request with `Authorization` is not stored at all.
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
  const personal = credentials.filter((name) => !rules.shared && !sharesDespite(name, directives));
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
  // A handler cannot be asked whether a response still holds, only for a new one.
  if (isUnqualified(directives, 'no-cache')) return 'no-cache';
  return undefined;
}

/** RFC 9111 §3.5, which speaks of `Authorization` only: for cookies and keys, an answer has to say more. */
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

/** A copy, where it can be changed. */
export function mutable(value: FieldValue): number | string | string[] {
  return typeof value === 'object' ? [...value] : value;
}
