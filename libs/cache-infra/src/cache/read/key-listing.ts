import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import { Turn } from '../../base/turn.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { Keyspace, Listing } from '../entry/keyspace.js';
import { decodedEntry } from '../entry/l1-entries.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { ErrorPolicy } from '../recover/error-policy.js';
import type { Recovery } from '../recover/recovery.js';

export interface KeyListingDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly clock: Clock;
  readonly tags: TagSync;
  readonly recovery: Recovery | undefined;
  readonly entries: LocalEntries;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
}

/** Ids of the L1 visited between two looks at the time. */
const visitedAtOnce = 100;

/**
 * The keys of the fresh entries of a namespace that match `pattern`, each once: first the keys in the L1, then the keys
 * that only Redis holds, then those of journalled sets. A look at an entry does not mark it as used, and fills no L1.
 *
 * Redis may return a key in several pages of a scan, so the listed keys are kept until the listing ends.
 *
 * @throws InfrastructureError when Redis cannot be asked, whatever `onError` says: a partial list would look complete;
 *   CacheClosedError when the cache closes during the listing
 */
export async function* listKeys(
  deps: KeyListingDeps,
  keyspace: Keyspace,
  pattern: string,
): AsyncGenerator<string, void> {
  const { l2, lifecycle } = deps;
  const listing = keyspace.listing(pattern);
  const listed = new Set<string>();
  for await (const key of keysInL1(deps, listing)) {
    // The L1 alone lists no key twice.
    if (l2 !== undefined) listed.add(key);
    yield key;
    lifecycle.assertOpen();
  }
  if (l2 === undefined) return;
  for await (const page of redisKeysOf(deps, l2, listing)) {
    const unlisted = new Map<string, string>();
    for (const redisKey of page) {
      const key = listing.keyOfRedisKey(redisKey);
      if (key !== undefined && !listed.has(key)) unlisted.set(redisKey, key);
    }
    if (unlisted.size === 0) continue;
    const fresh = await strictly(deps, freshOf(deps, l2, keyspace, [...unlisted.keys()]));
    for (const redisKey of fresh) {
      const key = unlisted.get(redisKey) as string;
      listed.add(key);
      yield key;
      lifecycle.assertOpen();
    }
  }
}

async function* keysInL1(deps: KeyListingDeps, listing: Listing): AsyncGenerator<string, void> {
  const { l1, entries, tags, lifecycle } = deps;
  if (l1 === undefined) return;
  if (tags.stale) await strictly(deps, tags.pull());
  const turn = new Turn();
  for (const [i, id] of l1.ids().entries()) {
    if (i % visitedAtOnce === visitedAtOnce - 1 && turn.isOver) {
      await turn.next();
      lifecycle.assertOpen();
    }
    const key = listing.keyOfId(id);
    if (key === undefined) continue;
    const entry = l1.peek(id);
    if (entry !== undefined && entries.stateOf(entry) === 'fresh') yield key;
  }
}

/** In pages: the keys that Redis holds, then the keys of journalled sets. */
async function* redisKeysOf(
  deps: KeyListingDeps,
  l2: RemoteTier,
  listing: Listing,
): AsyncGenerator<readonly string[], void> {
  const pages = l2.keys.pages(listing.redisGlob);
  try {
    for (;;) {
      const page = await strictly(deps, pages.next());
      if (page.done === true) break;
      yield page.value;
    }
  } finally {
    await pages.return();
  }
  yield deps.recovery?.journal.setKeys() ?? [];
}

/** Those of `redisKeys` with a fresh entry. A journalled change counts instead of the entry in Redis. */
async function freshOf(
  deps: KeyListingDeps,
  l2: RemoteTier,
  keyspace: Keyspace,
  redisKeys: readonly string[],
): Promise<readonly string[]> {
  const { recovery, tags, clock, entries } = deps;
  const pull = tags.pullForRead();
  pull?.catch(ignore);
  const inRedis: string[] = [];
  const found: [redisKey: string, meta: EntryMeta][] = [];
  for (const redisKey of redisKeys) {
    const journalled = recovery?.journal.pending(redisKey);
    if (journalled === undefined) inRedis.push(redisKey);
    else if (journalled.kind === 'set') found.push([redisKey, journalled.meta]);
  }
  // Without this right the entries are judged by this process's clock.
  if (!l2.clock.isKnown) await l2.clock.learn().catch(ignore);
  const metas = await l2.readMeta(inRedis);
  for (const [i, redisKey] of inRedis.entries()) {
    const meta = metas[i];
    if (meta !== undefined) found.push([redisKey, meta]);
  }
  const tagged = found.filter(([, { tags: names }]) => names !== undefined);
  if (tagged.length > 0) {
    tags.tagsInUse();
    await tags.pullUpTo(Math.max(...tagged.map(([, { tagEpoch }]) => tagEpoch)), pull);
  }
  const now = clock.now();
  const redisNow = l2.clock.of(now);
  return found
    .filter(([, meta]) => {
      const entry = decodedEntry(keyspace, undefined, meta, undefined, redisNow, now, false, undefined);
      return entries.stateOf(entry) === 'fresh';
    })
    .map(([redisKey]) => redisKey);
}

/** The result of `work`. Counts, emits and rethrows a failure, whatever `onError` says. */
async function strictly<T>({ errors }: KeyListingDeps, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    errors.tolerate('keys', error);
    throw error;
  }
}

function ignore(): void {
  // A pull is awaited by `pullUpTo`, if an entry has tags.
}
