import type { RedisTier } from '../../tiers/redis/redis-tier.js';
import type { Engine } from '../engine.js';
import type { Keyspace } from '../entry/keyspace.js';

/**
 * The keys of a namespace that match `pattern`: those in memory, then those that are in Redis alone.
 *
 * @throws InfrastructureError when Redis cannot be asked; CacheClosedError when the cache is closed meanwhile
 */
export async function* listKeys(
  core: Engine,
  keyspace: Keyspace,
  pattern: string,
): AsyncGenerator<string, void> {
  const { l1, l2 } = core.parts;
  const listing = keyspace.listing(pattern);
  const told = new Set<string>();
  for (const id of l1?.ids() ?? []) {
    const key = listing.keyOfId(id);
    if (key === undefined || core.peek(id) === undefined) continue;
    if (l2 !== undefined) told.add(key);
    yield key;
    core.assertOpen();
  }
  if (l2 === undefined) return;
  for await (const page of pagesOf(core, l2, listing.redisGlob)) {
    for (const redisKey of page) {
      const key = listing.keyOfRedisKey(redisKey);
      if (key === undefined || told.has(key)) continue;
      yield key;
      core.assertOpen();
    }
  }
}

/** Counts and tells of a failure, and throws it whatever `onError` says: half a list would look like a whole one. */
async function* pagesOf(core: Engine, l2: RedisTier, glob: string): AsyncGenerator<readonly string[], void> {
  try {
    yield* l2.pages(glob);
  } catch (error) {
    core.tolerate('keys', error);
    throw error;
  }
}
