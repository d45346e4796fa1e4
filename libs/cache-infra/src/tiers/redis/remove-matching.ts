import { redisLiteral } from '../../keys/glob.js';
import type { Clear, RemoteTier } from '../remote-tier.js';
import { failureKind, isFinal } from './errors.js';
import { guardedKey, loadGuardPrefix } from './load-guard-key.js';

/**
 * Removes the matching entries from Redis, page by page. The guards of loads under way go first: a load that ends after
 * that stores nothing, and an entry stored before that is found by the scan for entries, which follows.
 *
 * @param matching - `clears` are the marks that other instances see; every matching key is found by one of the `globs`
 * @param remove - removes a page of matching entries
 */
export async function removeMatching(
  l2: Pick<RemoteTier, 'keys' | 'lateChanges' | 'delete'>,
  keyPrefix: string,
  matching: {
    readonly clears: readonly Clear[];
    readonly globs: readonly string[];
    readonly matches: (redisKey: string) => boolean;
  },
  remove: (redisKeys: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const { clears, globs, matches } = matching;
  // Before the scan: the scan may miss an earlier set that is replayed while it runs.
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

/**
 * Continues without the marks where this user may never write them: then only sets made in a partition may come back.
 */
function unlessFinal(error: unknown): void {
  if (!isFinal(failureKind(error))) throw error;
}
