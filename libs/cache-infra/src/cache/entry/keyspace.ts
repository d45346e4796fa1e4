import { assertTagsFit } from '../../codec/header.js';
import {
  digestHead,
  digestMarker,
  headLength,
  isMasked,
  isWellFormed,
  looksDigested,
} from '../../keys/digest.js';
import {
  compileGlob,
  compileHead,
  escapeGlob,
  literalHead,
  redisLiteral,
  toRedisGlob,
} from '../../keys/glob.js';
import { percentEncoded, redisKey } from '../../keys/namespace.js';
import { tombstonePrefix } from '../../tiers/redis/load-guard-key.js';
import { tagTableKey } from '../../tiers/redis/tag-channel.js';
import type { Matching } from './matching.js';

/** The Redis key of what was cleared lately. No entry can stand there. */
export function clearedKey(prefix: string): string {
  return `${prefix}:!cleared`;
}

/** What a mark stands for: the keys that a clear or pattern covered; undefined when it is not readable. */
export function matchingOf(prefix: string, mark: string): Matching | undefined {
  try {
    const [path, glob] = JSON.parse(mark) as [string, string | undefined];
    const keyspace = new Keyspace(prefix, path);
    return glob === undefined ? keyspace.redisScope() : keyspace.matching(glob).redis;
  } catch {
    return undefined;
  }
}

/** The id behind a Redis key; undefined when no entry can stand there. */
export function idOf(prefix: string, redisKey: string): string | undefined {
  if (!redisKey.startsWith(`${prefix}:`)) return undefined;
  const end = redisKey.indexOf(':', prefix.length + 1);
  if (end === -1) return undefined;
  const path = redisKey.slice(prefix.length + 1, end);
  const key = redisKey.slice(end + 1);
  if (path !== '') return `\0${path}\0${key}`;
  return key.charCodeAt(0) === 0 ? `\0\0${key}` : key;
}

/** The key behind an id, whatever its namespace. */
export function keyOf(id: string): string {
  return id.charCodeAt(0) === 0 ? id.slice(id.indexOf('\0', 1) + 1) : id;
}

/** Tells the keys that match a pattern from others, in either tier. */
export interface Listing {
  keyOfId(id: string): string | undefined;
  /** Finds at least those that `keyOfRedisKey` knows. */
  readonly redisGlob: string;
  keyOfRedisKey(redisKey: string): string | undefined;
}

/**
 * Where a namespace's keys stand. In memory: `key` at the root, `\0path\0key` in a namespace (a root key that begins with
 * `\0` gets one more pair, which no path can look like). In Redis: `<prefix>:<path>:<key>`.
 */
export class Keyspace {
  /** `''` at the root, `a/b` in a nested namespace. */
  readonly path: string;
  readonly #prefix: string;
  readonly #idPrefix: string;
  readonly #onMarked: (() => void) | undefined;
  /** This path and those above it: a tag invalidated there covers what stands here. */
  readonly #scopes: readonly string[];

  /** `onMarked` hears when there may be ids that begin with `\0`: as long as there are none, every root key is its own id. */
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

  /** The tag as this namespace's own, for the tag table. */
  scopedTag(tag: string): string {
    return tagIn(this.path, tag);
  }

  /**
   * Every name in the tag table that covers an entry here with these tags.
   *
   * @throws ValidationError for tags that are too many or too long
   */
  coveringTags(tags: readonly string[]): readonly string[] {
    const covering =
      this.#scopes.length === 1
        ? tags.map((tag) => tagIn('', tag))
        : this.#scopes.flatMap((scope) => tags.map((tag) => tagIn(scope, tag)));
    // Also where no tier writes them down: what memory takes, Redis has to take, too.
    assertTagsFit(covering);
    return covering;
  }

  /** True for the ids of this namespace and of those below it. */
  readonly covers = (id: string): boolean => {
    if (this.path === '') return true;
    return id.startsWith(this.#idPrefix) || id.startsWith(`\0${this.path}/`);
  };

  /** All Redis keys of this namespace and of those below it: a glob that finds at least those, and who decides. */
  redisScope(): Matching {
    const mark = JSON.stringify([this.path]);
    if (this.path === '') {
      const start = `${this.#prefix}:`;
      const stored = [tagTableKey(this.#prefix), clearedKey(this.#prefix)];
      const tombstones = tombstonePrefix(this.#prefix);
      return {
        mark,
        globs: [toRedisGlob(start, '*')],
        matches: (key) => key.startsWith(start) && !key.startsWith(tombstones) && !stored.includes(key),
      };
    }
    const start = `${this.#prefix}:${this.path}`;
    return {
      mark,
      globs: [toRedisGlob(start, '*')],
      matches: (key) => key.startsWith(`${start}:`) || key.startsWith(`${start}/`),
    };
  }

  /** The keys of this namespace alone that match `glob`, in memory and in Redis. */
  matching(glob: string): { id: (id: string) => boolean; redis: Matching } {
    const matches = compileGlob(glob);
    const couldMatch = compileHead(glob, isMasked);
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
          // What a digest hides may match: then it has to go, too.
          const { head, isCut } = digestHead(name);
          return couldMatch(head, isCut);
        },
      },
    };
  }

  /** The keys of this namespace alone that match `glob`, by their ids and by their Redis keys; undefined for all others. */
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
        // A digest does not tell the key behind it.
        return looksDigested(key) ? undefined : ifMatching(key);
      },
    };
  }

  /** The key behind an id of this very namespace. */
  #keyOf(id: string): string | undefined {
    if (this.#idPrefix !== '') {
      return id.startsWith(this.#idPrefix) ? id.slice(this.#idPrefix.length) : undefined;
    }
    if (id.charCodeAt(0) !== 0) return id;
    return id.startsWith('\0\0') ? id.slice(2) : undefined;
  }
}

/** What finds the digested keys that a pattern may cover, unless the pattern itself finds them: by what all of them begin with. */
function digestedGlobs(start: string, glob: string): string[] {
  const literal = literalHead(glob);
  const shown = literal.slice(0, headLength).replace(/[{}\p{Surrogate}].*$/su, '');
  if (shown === literal && glob === `${escapeGlob(literal)}*`) return [];
  return [`${redisLiteral(start + shown)}*${redisLiteral(digestMarker)}*`];
}

/**
 * A tag of a namespace, as the tag table names it. A tag with lone surrogates, which do not come back from Redis as they were, is
 * percent-encoded behind a `!`, which no path begins with: so it is no other tag's name.
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
