import { assertTagsFit } from '../../codec/header.js';
import { digestMarker, headLength, isWellFormed, looksDigested } from '../../keys/digest.js';
import { compileGlob, escapeGlob, literalHead, redisLiteral, toRedisGlob } from '../../keys/glob.js';
import { percentDecoded, percentEncoded, redisKey } from '../../keys/namespace.js';
import { tombstonePrefix } from '../../tiers/redis/load-guard-key.js';
import { isNeighbourKey } from '../../tiers/redis/neighbour-keys.js';
import { tagTableKey } from '../../tiers/redis/tag-channel.js';
import type { Matching } from './matching.js';

/** The Redis key of the marks of recent clears. No entry can have this key. */
export function clearedKey(prefix: string): string {
  return `${prefix}:!cleared`;
}

/** The Redis key of the moment of the latest clear. No entry can have this key. */
export function latestClearKey(prefix: string): string {
  return `${clearedKey(prefix)}:at`;
}

/** The keys that the mark of a clear or pattern covers; undefined = the mark is unreadable. */
export function matchingOf(prefix: string, mark: string): Matching | undefined {
  try {
    const [path, glob] = JSON.parse(mark) as [string, string | undefined];
    const keyspace = new Keyspace(prefix, path);
    return glob === undefined ? keyspace.redisScope() : keyspace.matching(glob).redis;
  } catch {
    return undefined;
  }
}

/** True if the mark of a clear or pattern covers the key. An unreadable mark counts as covering every key. */
export function covers(prefix: string, mark: string, redisKey: string): boolean {
  return matchingOf(prefix, mark)?.matches(redisKey) ?? true;
}

/** The id of a Redis key; undefined = no entry can have this key. */
export function idOf(prefix: string, redisKey: string): string | undefined {
  if (!redisKey.startsWith(`${prefix}:`)) return undefined;
  const end = redisKey.indexOf(':', prefix.length + 1);
  if (end === -1) return undefined;
  const path = redisKey.slice(prefix.length + 1, end);
  const key = redisKey.slice(end + 1);
  if (path !== '') return `\0${path}\0${key}`;
  return key.charCodeAt(0) === 0 ? `\0\0${key}` : key;
}

/** The key of an id, in any namespace. */
export function keyOf(id: string): string {
  return id.charCodeAt(0) === 0 ? id.slice(id.indexOf('\0', 1) + 1) : id;
}

/** Finds the keys of a namespace that match a pattern, in either tier; undefined for all others. */
export interface Listing {
  keyOfId(id: string): string | undefined;
  /** Matches every Redis key for which `keyOfRedisKey` returns a key, and maybe others. */
  readonly redisGlob: string;
  keyOfRedisKey(redisKey: string): string | undefined;
}

/**
 * The names of a namespace's keys in the two tiers.
 *
 * - In the L1, the *id*: `key` at the root, `\0path\0key` in a namespace. A root key that begins with `\0` gets a
 *   `\0\0` in front, which no path can look like.
 * - In Redis, the *Redis key*: `<prefix>:<path>:<key>`.
 */
export class Keyspace {
  /** `''` at the root, `a/b` in a nested namespace. */
  readonly path: string;
  readonly #prefix: string;
  readonly #idPrefix: string;
  readonly #onMarked: (() => void) | undefined;
  /** This path and those above it: an invalidation of a tag there covers entries here. */
  readonly #scopes: readonly string[];

  /** `onMarked` is called once ids may begin with `\0`. Until then every root key is its own id. */
  constructor(prefix: string, path: string, onMarked?: () => void) {
    this.#prefix = prefix;
    this.path = path;
    this.#idPrefix = path === '' ? '' : `\0${path}\0`;
    this.#onMarked = onMarked;
    this.#scopes = scopesOf(path);
    if (path !== '') onMarked?.();
  }

  id(key: string): string {
    if (this.#idPrefix !== '') return this.#idPrefix + key;
    if (key.charCodeAt(0) !== 0) return key;
    this.#onMarked?.();
    return `\0\0${key}`;
  }

  redisKey(key: string): string {
    return redisKey(this.#prefix, this.path, key);
  }

  /** The name in the tag table of a tag of this namespace. */
  scopedTag(tag: string): string {
    return tagIn(this.path, tag);
  }

  /**
   * All names in the tag table that cover an entry of this namespace with these tags.
   *
   * @throws ValidationError for tags that are too many or too long
   */
  coveringTags(tags: readonly string[]): readonly string[] {
    const covering =
      this.#scopes.length === 1
        ? tags.map((tag) => tagIn('', tag))
        : this.#scopes.flatMap((scope) => tags.map((tag) => tagIn(scope, tag)));
    // Check also without Redis: a cache must accept the same tags with and without it.
    assertTagsFit(covering);
    return covering;
  }

  /** The tags of this namespace among the names that cover an entry of it: the inverse of {@link coveringTags}. */
  ownTags(covering: readonly string[]): readonly string[] {
    const plain = `${this.path}:`;
    const encoded = `!${plain}`;
    const tags: string[] = [];
    for (const name of covering) {
      if (name.startsWith(plain)) tags.push(name.slice(plain.length));
      else if (name.startsWith(encoded)) tags.push(percentDecoded(name.slice(encoded.length)));
    }
    return tags;
  }

  /** True for the ids of this namespace and of those below it. */
  readonly covers = (id: string): boolean => {
    if (this.path === '') return true;
    return id.startsWith(this.#idPrefix) || id.startsWith(`\0${this.path}/`);
  };

  /** All Redis keys of this namespace and of those below it. */
  redisScope(): Matching {
    const mark = JSON.stringify([this.path]);
    if (this.path === '') {
      const start = `${this.#prefix}:`;
      const stored = [tagTableKey(this.#prefix), clearedKey(this.#prefix), latestClearKey(this.#prefix)];
      const tombstones = tombstonePrefix(this.#prefix);
      return {
        mark,
        globs: [toRedisGlob(start, '*')],
        matches: (key) =>
          key.startsWith(start) &&
          !key.startsWith(tombstones) &&
          !stored.includes(key) &&
          !isNeighbourKey(this.#prefix, key),
      };
    }
    const start = `${this.#prefix}:${this.path}`;
    return {
      mark,
      globs: [toRedisGlob(start, '*')],
      matches: (key) => key.startsWith(`${start}:`) || key.startsWith(`${start}/`),
    };
  }

  /** The keys of this namespace alone that match `glob`, by id and by Redis key. */
  matching(glob: string): { id: (id: string) => boolean; redis: Matching } {
    const matches = compileGlob(glob);
    const shown = shownHead(glob);
    const start = `${this.#prefix}:${this.path}:`;
    return {
      id: (id) => {
        const key = this.#keyOf(id);
        return key !== undefined && matches(key);
      },
      redis: {
        mark: JSON.stringify([this.path, glob]),
        globs: [toRedisGlob(start, glob), ...digestedGlobs(start, glob)],
        matches: (key) => {
          if (!key.startsWith(start)) return false;
          const name = key.slice(start.length);
          if (!looksDigested(name)) return matches(name);
          // A digest hides the rest of the key, which may match: the entry is removed.
          return name.startsWith(shown);
        },
      },
    };
  }

  /** The keys of this namespace alone that match `glob`, for listing them. */
  listing(glob: string): Listing {
    const matches = compileGlob(glob);
    const start = `${this.#prefix}:${this.path}:`;
    const ifMatching = (key: string | undefined): string | undefined =>
      key !== undefined && matches(key) ? key : undefined;
    return {
      keyOfId: (id) => ifMatching(this.#keyOf(id)),
      redisGlob: toRedisGlob(start, glob),
      keyOfRedisKey: (redisKey) => {
        if (!redisKey.startsWith(start)) return undefined;
        const key = redisKey.slice(start.length);
        // The key does not follow from its digest.
        return looksDigested(key) ? undefined : ifMatching(key);
      },
    };
  }

  /** The key of an id of this namespace; undefined = the id belongs to another. */
  #keyOf(id: string): string | undefined {
    if (this.#idPrefix !== '') {
      return id.startsWith(this.#idPrefix) ? id.slice(this.#idPrefix.length) : undefined;
    }
    if (id.charCodeAt(0) !== 0) return id;
    return id.startsWith('\0\0') ? id.slice(2) : undefined;
  }
}

/**
 * Globs for the digested keys that a pattern may cover, by their readable head; none if the pattern's own glob finds
 * them.
 */
function digestedGlobs(start: string, glob: string): string[] {
  const literal = literalHead(glob);
  const shown = shownHead(glob);
  if (shown === literal && glob === `${escapeGlob(literal)}*`) return [];
  return [`${redisLiteral(start + shown)}*${redisLiteral(digestMarker)}*`];
}

/** What the digested name of every key that matches `glob` begins with. */
function shownHead(glob: string): string {
  return literalHead(glob)
    .slice(0, headLength)
    .replace(/[{}\p{Surrogate}].*$/su, '');
}

/**
 * The name in the tag table of a tag of a namespace. Redis does not return lone surrogates as they were sent, so a tag
 * with any is percent-encoded behind a `!`. No path begins with `!`, so the name is unique.
 */
function tagIn(path: string, tag: string): string {
  return isWellFormed(tag)
    ? `${path}:${tag}`
    : `!${path}:${tag.replace(/[%\p{Surrogate}]/gu, percentEncoded)}`;
}

function scopesOf(path: string): readonly string[] {
  if (path === '') return [''];
  const names = path.split('/');
  return ['', ...names.map((_, i) => names.slice(0, i + 1).join('/'))];
}
