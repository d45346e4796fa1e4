import { namespacePath, rootPath } from '../keys/namespace.js';
import { wholeOf } from '../values/graph.js';
import { stateOf } from './entry/freshness.js';
import { Keyspace } from './entry/keyspace.js';
import { engineOf, type TieredCache } from './tiered-cache.js';

/** The entry that the L1 of this process holds under a key. */
export type LocalEntry =
  | { readonly held: false }
  | {
      readonly held: true;
      readonly fresh: boolean;
      /** Seconds left; Infinity = never expires. 0 unless it is fresh. */
      readonly left: number;
      /** The value in the L1 itself: do not change it. */
      readonly value: unknown;
    };

/**
 * Looks into the L1 of this process, and changes neither its entries nor their order nor its counters; undefined = the
 * cache has no L1.
 *
 * @param namespaces from the outermost to the innermost
 */
export async function localEntry(
  cache: TieredCache,
  namespaces: readonly string[],
  key: string,
): Promise<LocalEntry | undefined> {
  const { l1, clock, tags, keyPrefix } = engineOf(cache);
  if (l1 === undefined) return undefined;
  const id = new Keyspace(keyPrefix, namespaces.reduce(namespacePath, rootPath)).id(key);
  // Without Redis the entry is judged by the tags that this process knows.
  if (tags.stale && l1.peek(id)?.detail !== undefined) await tags.pull().catch(() => undefined);
  const entry = l1.peek(id);
  if (entry === undefined) return { held: false };
  const now = clock.now();
  const fresh = stateOf(entry, now, tags.table) === 'fresh';
  const left = fresh ? Math.ceil((entry.expiresAt - now) / 1000) : 0;
  return { held: true, fresh, left, value: wholeOf(entry.value) };
}
