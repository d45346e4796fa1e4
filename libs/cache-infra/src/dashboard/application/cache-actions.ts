import type { Cache } from '../../cache/contract/cache.js';
import { localEntry } from '../../cache/local-entry.js';
import { matchingKeys } from '../../cache/matching-keys.js';
import { storedEntry } from '../../cache/stored-entry.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { DashboardRefusal } from '../refusal.js';
import type { DashboardOutcome, DashboardPreview, DashboardTarget } from '../state.js';
import { groupPattern } from '../targets/group-pattern.js';

/** Bounds of the search for a preview. */
const limits = { count: 10_000, ms: 2000, examples: 10 };

/**
 * How many entries {@link invalidate} would remove. Visits at most 10,000 keys that match, for at most 2 s.
 *
 * @throws InfrastructureError when Redis does not answer
 */
export async function preview(cache: Cache, target: DashboardTarget): Promise<DashboardPreview> {
  const { namespaces = [] } = target;
  switch (target.kind) {
    case 'tag':
      return { count: null, isComplete: true, examples: [] };
    case 'key': {
      const exists = await isHeld(inner(cache), namespaces, target.key);
      return { count: exists ? 1 : 0, isComplete: true, examples: exists ? [target.key] : [] };
    }
    case 'group':
      return matchingKeys(inner(cache), namespaces, groupPattern(target.group), limits);
    case 'pattern':
      return matchingKeys(inner(cache), namespaces, target.pattern, limits);
  }
}

/**
 * Removes entries from both tiers. The cache tells the other instances.
 *
 * @throws InfrastructureError when Redis does not answer and the cache has `onError: 'throw'`
 */
export async function invalidate(cache: Cache, target: DashboardTarget): Promise<DashboardOutcome> {
  const { namespaces = [] } = target;
  const scope = namespaces.reduce<Cache>((outer, name) => outer.namespace(name), cache);
  switch (target.kind) {
    case 'tag':
      await scope.invalidateTags(target.tag);
      return { removed: null };
    case 'key':
      return { removed: (await scope.delete(target.key)) ? 1 : 0 };
    case 'group':
      return { removed: await scope.invalidatePattern(groupPattern(target.group)) };
    case 'pattern':
      return { removed: await scope.invalidatePattern(target.pattern) };
  }
}

async function isHeld(cache: TieredCache, namespaces: readonly string[], key: string): Promise<boolean> {
  const local = await localEntry(cache, namespaces, key);
  if (local?.held === true) return true;
  const stored = await storedEntry(cache, namespaces, key);
  return stored !== undefined && stored.kind !== 'absent';
}

/** @throws DashboardRefusal for a cache of the application's own, which has no such look */
export function inner(cache: Cache): TieredCache {
  if (cache instanceof TieredCache) return cache;
  throw new DashboardRefusal(
    404,
    `Cache '${cache.name}' is not one of nestjs-cache-infra: it shows no keys.`,
  );
}
