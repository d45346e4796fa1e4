import { listMembers, tokens } from './header-fields.js';

/** The largest number of seconds: larger values are clamped to it (RFC 9111 §1.2.2). */
export const maxDeltaSeconds = 2_147_483_648;

/** Directives by lower-case name: the unquoted argument, or `true` without an argument. */
export type Directives = ReadonlyMap<string, string | true>;

/** Replaces an invalid argument: `max-age =60`. */
const malformed = '';

/**
 * The directives of a `Cache-Control` field (RFC 9111 §5.2). A directive that is repeated with different arguments has
 * an invalid one, so that its response is stale (§4.2.1).
 */
export function parseCacheControl(field: string | undefined): Directives {
  const directives = new Map<string, string | true>();
  for (const member of listMembers(field ?? '')) {
    const [, name, argument] = /^([!#$%&'*+.^_`|~\w-]+)(.*)$/s.exec(member) ?? [];
    if (name === undefined) continue;
    const directive = name.toLowerCase();
    const value = argument === undefined || argument === '' ? true : argumentOf(argument);
    const before = directives.get(directive);
    directives.set(directive, before === undefined || before === value ? value : malformed);
  }
  return directives;
}

function argumentOf(text: string): string {
  const quoted = /^="((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gs, '$1');
  return /^=([!#$%&'*+.^_`|~\w-]+)$/.exec(text)?.[1] ?? malformed;
}

/**
 * Seconds of a directive; undefined if it is absent; 0 if it is invalid, so that the response is stale (RFC 9111
 * §4.2.1).
 */
export function deltaSeconds(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return value !== true && /^\d+$/.test(value) ? Math.min(Number(value), maxDeltaSeconds) : 0;
}

/** True if a directive has no field names: `no-cache`, not `no-cache="set-cookie"`. */
export function isUnqualified(directives: Directives, name: string): boolean {
  const value = directives.get(name);
  return value !== undefined && fieldNames(value).length === 0;
}

/** The fields that `no-cache="…"` and `private="…"` exclude from storing, in lower case. */
export function qualifiedFields(directives: Directives): readonly string[] {
  return ['no-cache', 'private'].flatMap((name) => fieldNames(directives.get(name) ?? true));
}

function fieldNames(value: string | true): readonly string[] {
  return value === true ? [] : tokens(value);
}

/** The cache directives of a request (RFC 9111 §5.2.1, RFC 5861 §4), in seconds. */
export interface RequestDirectives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly minFresh: number | undefined;
  /** `Infinity` = any age. */
  readonly maxStale: number | undefined;
  readonly staleIfError: number | undefined;
}

export const noRequestDirectives: RequestDirectives = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
  staleIfError: undefined,
};

/** `Pragma: no-cache` counts where there is no `Cache-Control` (RFC 9111 §5.4). */
export function requestDirectives(cacheControl: string | undefined, pragma?: string): RequestDirectives {
  if (cacheControl === undefined) {
    if (pragma === undefined) return noRequestDirectives;
    return { ...noRequestDirectives, noCache: parseCacheControl(pragma).has('no-cache') };
  }
  const directives = parseCacheControl(cacheControl);
  const maxAge = deltaSeconds(directives, 'max-age');
  return {
    noStore: directives.has('no-store'),
    // A browser's reload sends `max-age=0`.
    noCache: directives.has('no-cache') || maxAge === 0,
    onlyIfCached: directives.has('only-if-cached'),
    maxAge,
    minFresh: deltaSeconds(directives, 'min-fresh'),
    maxStale: directives.get('max-stale') === true ? Infinity : deltaSeconds(directives, 'max-stale'),
    staleIfError: deltaSeconds(directives, 'stale-if-error'),
  };
}
