import { namespacePath, rootPath } from '../keys/namespace.js';
import { Turn } from '../base/turn.js';
import { Keyspace } from './entry/keyspace.js';
import { engineOf, type TieredCache } from './tiered-cache.js';

/** The keys that a pattern finds. */
export interface MatchingKeys {
  /** Entries in either tier, each once. */
  readonly count: number;
  /** False: the search ended at one of its limits. */
  readonly isComplete: boolean;
  /** The first keys; a key that Redis holds as a digest alone is not among them. */
  readonly examples: readonly string[];
}

/** Bounds of a search. */
export interface SearchLimits {
  readonly count: number;
  readonly ms: number;
  readonly examples: number;
}

/** Ids of the L1 visited between two looks at the time. */
const visitedAtOnce = 1000;

/**
 * Counts what `invalidatePattern` would remove: the entries of this namespace, fresh or not, whose key matches. It
 * visits the L1 and, by `SCAN`, the keys of the Redis database, until it reaches a limit. Counts nothing in statistics.
 *
 * @param namespaces from the outermost to the innermost
 * @throws ValidationError for an invalid pattern
 * @throws InfrastructureError when Redis does not answer
 */
export async function matchingKeys(
  cache: TieredCache,
  namespaces: readonly string[],
  pattern: string,
  limits: SearchLimits,
): Promise<MatchingKeys> {
  const { l1, l2, keyPrefix } = engineOf(cache);
  const keyspace = new Keyspace(keyPrefix, namespaces.reduce(namespacePath, rootPath));
  const { redis } = keyspace.matching(pattern);
  const listing = keyspace.listing(pattern);
  const found = new Set<string>();
  const examples: string[] = [];
  const end = performance.now() + limits.ms;
  const isOver = (): boolean => found.size >= limits.count || performance.now() >= end;
  const add = (redisKey: string, key: string | undefined): void => {
    if (found.has(redisKey)) return;
    found.add(redisKey);
    if (key !== undefined && examples.length < limits.examples) examples.push(key);
  };
  const result = (isComplete: boolean): MatchingKeys => ({ count: found.size, isComplete, examples });

  const turn = new Turn();
  for (const [i, id] of (l1?.ids() ?? []).entries()) {
    if (i % visitedAtOnce === visitedAtOnce - 1) {
      if (isOver()) return result(false);
      if (turn.isOver) await turn.next();
    }
    const key = listing.keyOfId(id);
    if (key !== undefined) add(keyspace.redisKey(key), key);
  }
  if (l2 === undefined) return result(true);
  for (const glob of redis.globs) {
    for await (const page of l2.keys.pages(glob)) {
      for (const redisKey of page)
        if (redis.matches(redisKey)) add(redisKey, listing.keyOfRedisKey(redisKey));
      if (isOver()) return result(false);
    }
  }
  return result(true);
}
