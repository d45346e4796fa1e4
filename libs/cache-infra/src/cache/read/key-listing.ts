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
 * The keys of a namespace that match `pattern`: first the keys in the L1, then the keys that only Redis holds.
 *
 * @throws InfrastructureError when Redis cannot be asked; CacheClosedError when the cache closes during the listing
 */
export async function* listKeys(
  deps: KeyListingDeps,
  keyspace: Keyspace,
  pattern: string,
): AsyncGenerator<string, void> {
  const { l1, l2, entries, lifecycle } = deps;
  const listing = keyspace.listing(pattern);
  const listed = new Set<string>();
  for (const id of l1?.ids() ?? []) {
    const key = listing.keyOfId(id);
    if (key === undefined || entries.fresh(id) === undefined) continue;
    if (l2 !== undefined) listed.add(key);
    yield key;
    lifecycle.assertOpen();
  }
  if (l2 === undefined) return;
  for await (const page of pagesOf(deps.errors, l2, listing.redisGlob)) {
    for (const redisKey of page) {
      const key = listing.keyOfRedisKey(redisKey);
      if (key === undefined || listed.has(key)) continue;
      yield key;
      lifecycle.assertOpen();
    }
  }
}

/** Counts, emits and rethrows a failure whatever `onError` says: a partial list would look complete. */
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
