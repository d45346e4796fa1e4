import { failureKind, isFinal } from '../../tiers/redis/errors.js';
import { redisLiteral } from '../../keys/glob.js';
import { guardedKey, loadGuardPrefix } from '../../tiers/redis/load-guard-key.js';
import type { Clear, RedisTier } from '../../tiers/redis/redis-tier.js';
import type { Matching } from '../entry/matching.js';

/** The keys to remove. */
interface MatchingRemoval extends Pick<Matching, 'globs' | 'matches'> {
  /** The marks by which other instances recognize the removal. */
  readonly clears: readonly Clear[];
}

/**
 * Removes matching keys from Redis, page by page. The guards of loads in flight go first, so that Redis refuses the
 * values of those loads. A value that a load stored before is found by the scan for entries, which follows.
 */
export async function removeMatchingFromRedis(
  l2: RedisTier,
  keyPrefix: string,
  { clears, globs, matches }: MatchingRemoval,
  remove: (redisKeys: readonly string[]) => Promise<unknown>,
): Promise<void> {
  // Mark the clear before the scan: the scan may miss an earlier set that another instance replays meanwhile.
  await l2.markCleared(clears).catch(unlessFinal);
  const isGuard = (name: string): boolean => {
    const redisKey = guardedKey(keyPrefix, name);
    return redisKey !== undefined && matches(redisKey);
  };
  await l2.scan(`${redisLiteral(loadGuardPrefix(keyPrefix))}*`, isGuard, async (guards) => {
    await l2.delete(guards);
  });
  for (const glob of globs) {
    await l2.scan(glob, matches, async (redisKeys) => {
      await remove(redisKeys);
    });
  }
}

/** If Redis refuses the mark permanently, continue: only a replayed set of another instance may return. */
function unlessFinal(error: unknown): void {
  if (!isFinal(failureKind(error))) throw error;
}
