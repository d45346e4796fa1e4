import { failureKind, isFinal } from '../../tiers/redis/errors.js';
import { redisLiteral } from '../../keys/glob.js';
import { guardedKey, loadGuardPrefix } from '../../tiers/redis/load-guard-key.js';
import type { Clear, RemoteTier } from '../../tiers/remote-tier.js';
import type { Matching } from '../entry/matching.js';

/** Keys that are removed, and as what other instances are told of it. */
interface MatchingRemoval extends Pick<Matching, 'globs' | 'matches'> {
  readonly clears: readonly Clear[];
}

/**
 * Removes what matches from Redis, page by page: first the guards of loads under way, so that what they store after this is refused;
 * what they stored before is found by the scan for entries that follows.
 */
export async function removeMatchingFromRedis(
  l2: RemoteTier,
  keyPrefix: string,
  { clears, globs, matches }: MatchingRemoval,
  remove: (redisKeys: readonly string[]) => Promise<unknown>,
): Promise<void> {
  // From before the scan on: a set that was made earlier and is replayed during it may be missed by it.
  await l2.lateChanges.markCleared(clears).catch(unlessFinal);
  const isGuard = (name: string): boolean => {
    const redisKey = guardedKey(keyPrefix, name);
    return redisKey !== undefined && matches(redisKey);
  };
  await l2.keys.scan(`${redisLiteral(loadGuardPrefix(keyPrefix))}*`, isGuard, async (guards) => {
    await l2.delete(guards);
  });
  for (const glob of globs) {
    await l2.keys.scan(glob, matches, async (redisKeys) => {
      await remove(redisKeys);
    });
  }
}

/** Without it only sets made in a partition may come back. */
function unlessFinal(error: unknown): void {
  if (!isFinal(failureKind(error))) throw error;
}
