import type { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';
import { looksDigested } from '../keys/digest.js';
import { compileGlob, toRedisGlob } from '../keys/glob.js';
import { namespacePath, percentDecoded, rootPath } from '../keys/namespace.js';
import { safe } from './look/text.js';

/** Keys of one namespace. */
export interface NamespaceKeys {
  /** From the outermost to the innermost; empty = the root. */
  readonly namespaces: readonly string[];
  readonly keys: number;
  /** The pattern that lists them. */
  readonly pattern: string;
}

/** The keys that match a pattern outside of one namespace. */
export interface OtherNamespaces {
  readonly keys: number;
  /** Most keys first: at most {@link mostNamespaces}. */
  readonly namespaces: readonly NamespaceKeys[];
  /** False: the search ended at one of its limits. */
  readonly isComplete: boolean;
}

/** Namespaces that are told apart; the keys of all others count in the sum alone. */
const mostNamespaces = 100;
/** Namespaces that the line names. */
const mostNamed = 5;
/** Milliseconds that the search may take. */
const searchMs = 5000;

/**
 * Counts the keys of other namespaces, fresh or not, by a `SCAN` over the prefix. It ends after `limit` keys or 5 s.
 *
 * The key of a variant (`vary`) is `<facts>#<key>`: it also counts when the part after `#` matches.
 *
 * @param own the namespace that is left out, from the outermost to the innermost
 * @throws ValidationError for an invalid pattern
 * @throws InfrastructureError when Redis does not answer
 */
export async function otherNamespaces(
  cache: RedisCache,
  own: readonly string[],
  { pattern, limit }: { readonly pattern: string; readonly limit: number },
): Promise<OtherNamespaces> {
  const { l2, keyPrefix } = engineOf(cache);
  const ownPath = own.reduce(namespacePath, rootPath);
  const matches = compileGlob(pattern);
  const start = `${keyPrefix}:`;
  // SCAN may return a key twice.
  const seen = new Set<string>();
  const found = new Map<string, NamespaceKeys>();
  const end = performance.now() + searchMs;
  const result = (isComplete: boolean): OtherNamespaces => ({
    keys: seen.size,
    namespaces: [...found.values()].toSorted((a, b) => b.keys - a.keys),
    isComplete,
  });
  for await (const page of l2?.keys.pages(toRedisGlob(start, '*')) ?? []) {
    for (const redisKey of page) {
      const place = placeOf(redisKey, start);
      if (place === undefined || place.path === ownPath || seen.has(redisKey)) continue;
      const { path, key } = place;
      const isWhole = matches(key);
      if (!isWhole && !(isVariant(path) && matches(key.slice(key.indexOf('#') + 1)))) continue;
      if (seen.size >= limit) return result(false);
      seen.add(redisKey);
      const before = found.get(path);
      if (before === undefined && found.size >= mostNamespaces) continue;
      found.set(path, {
        namespaces: namesOf(path),
        keys: (before?.keys ?? 0) + 1,
        pattern: isWhole || before?.pattern === pattern ? pattern : `*#${pattern}`,
      });
    }
    if (performance.now() > end) return result(false);
  }
  return result(true);
}

/** The namespace and the key of an entry; undefined for the cache's own keys, and for a key that is a digest. */
function placeOf(
  redisKey: string,
  start: string,
): { readonly path: string; readonly key: string } | undefined {
  const colon = redisKey.indexOf(':', start.length);
  if (!redisKey.startsWith(start) || colon === -1 || redisKey[start.length] === '!') return undefined;
  const key = redisKey.slice(colon + 1);
  return looksDigested(key) ? undefined : { path: redisKey.slice(start.length, colon), key };
}

function isVariant(path: string): boolean {
  return /(?:^|\/)vary\.[^/]+$/.test(path);
}

function namesOf(path: string): readonly string[] {
  return path === rootPath ? [] : path.split('/').map(percentDecoded);
}

/** One line about other namespaces; undefined if they have no such key. */
export function otherNamespacesLine({ keys, namespaces, isComplete }: OtherNamespaces): string | undefined {
  if (keys === 0) return isComplete ? undefined : 'Stopped looking into other namespaces after 5 s.';
  const named = namespaces
    .slice(0, mostNamed)
    .map((each) => `${placeName(each.namespaces)} (${String(each.keys)})`);
  if (namespaces.length > mostNamed) named.push('…');
  const count = `${isComplete ? '' : 'At least '}${String(keys)} more ${keys === 1 ? 'key' : 'keys'}`;
  const hint = namespaces.map((each) => flagsFor(each)).find((flags) => flags !== undefined);
  return `${count} in other namespaces: ${named.join(', ')}${hint === undefined ? '' : `: ${hint}`}`;
}

/** A namespace for people: `shop › eu`. Names are untrusted. */
export function placeName(namespaces: readonly string[]): string {
  return namespaces.length === 0 ? 'the root' : safe(namespaces.join(' › '));
}

/** The arguments that list the keys of a namespace; undefined for a name that no shell line should hold. */
function flagsFor({ namespaces, pattern }: NamespaceKeys): string | undefined {
  if ([...namespaces, pattern].some((text) => safe(text) !== text)) return undefined;
  if (namespaces.length === 0) return 'without --namespace';
  const flags = namespaces.map((name) =>
    name.startsWith('-') ? `--namespace=${quoted(name)}` : `--namespace ${quoted(name)}`,
  );
  return [...(pattern.startsWith('*#') ? [quoted(pattern)] : []), ...flags].join(' ');
}

/** An argument of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.,@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
