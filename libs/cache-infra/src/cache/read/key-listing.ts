import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { ErrorPolicy } from '../recover/error-policy.js';
import type { Keyspace } from '../entry/keyspace.js';

export interface KeyListingDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly entries: LocalEntries;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
}

/**
 * The keys of a namespace that match `pattern`: those in memory, then those that are in Redis alone.
 *
 * @throws InfrastructureError when Redis cannot be asked; CacheClosedError when the cache is closed meanwhile
 */
export async function* listKeys(
  deps: KeyListingDeps,
  keyspace: Keyspace,
  pattern: string,
): AsyncGenerator<string, void> {
  const { l1, l2, entries, lifecycle } = deps;
  const listing = keyspace.listing(pattern);
  const told = new Set<string>();
  for (const id of l1?.ids() ?? []) {
    const key = listing.keyOfId(id);
    if (key === undefined || entries.fresh(id) === undefined) continue;
    if (l2 !== undefined) told.add(key);
    yield key;
    lifecycle.assertOpen();
  }
  if (l2 === undefined) return;
  for await (const page of pagesOf(deps.errors, l2, listing.redisGlob)) {
    for (const redisKey of page) {
      const key = listing.keyOfRedisKey(redisKey);
      if (key === undefined || told.has(key)) continue;
      yield key;
      lifecycle.assertOpen();
    }
  }
}

/** Counts and tells of a failure, and throws it whatever `onError` says: half a list would look like a whole one. */
async function* pagesOf(
  errors: ErrorPolicy,
  l2: RemoteTier,
  glob: string,
): AsyncGenerator<readonly string[], void> {
  try {
    yield* l2.keys.pages(glob);
  } catch (error) {
    errors.tolerate('keys', error);
    throw error;
  }
}
