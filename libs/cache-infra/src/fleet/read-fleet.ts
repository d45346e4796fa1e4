import type { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';
import { FleetStore, indexGlob, mostInstances, prefixOfIndex } from './fleet-store.js';
import { fleetTotal } from './fleet-total.js';
import type { FleetSummary, InstanceSummary } from './summary.js';
import { decoded } from './wire.js';

/** Summaries that are decoded at a time: a bound of the memory that hostile data takes. */
const atATime = 4;

/**
 * Reads what the instances of an application publish. An instance that was closed is missing at once, one that was
 * killed after its last summary has expired (15 s). Summaries of another format and damaged ones are skipped. All
 * moments are by the clock of Redis.
 *
 * @param cache any cache on the Redis of the fleet
 * @param prefix the key prefix of the fleet as it stands in Redis; default: that of `cache`
 * @throws InfrastructureError when Redis does not answer
 */
export async function readFleet(cache: RedisCache, prefix?: string): Promise<FleetSummary> {
  const { l2, keyPrefix } = engineOf(cache);
  if (l2 === undefined) return fleetOf([], Date.now());
  const store = new FleetStore(l2.server, prefix ?? keyPrefix);
  const ids = await store.ids();
  const found: InstanceSummary[] = [];
  for (let from = 0; from < ids.length; from += atATime) {
    const summaries = await Promise.all(ids.slice(from, from + atATime).map((id) => read(store, id)));
    for (const summary of summaries) if (summary !== undefined) found.push(summary);
  }
  return fleetOf(found, Math.round(l2.clock.now()));
}

/** The summary of the instance `id`. One that names another instance is skipped. */
async function read(store: FleetStore, id: string): Promise<InstanceSummary | undefined> {
  const bytes = await store.read(id);
  const summary = bytes && (await decoded(bytes));
  return summary?.id === id ? summary : undefined;
}

/** The instances, oldest start first, and their sum. `at`: milliseconds since 1970. */
export function fleetOf(instances: readonly InstanceSummary[], at: number): FleetSummary {
  const sorted = instances.toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  return { at, instances: sorted, total: fleetTotal(sorted, at) };
}

/** The key prefixes with published summaries, as they stand in Redis. */
export interface FoundPrefixes {
  readonly prefixes: readonly string[];
  /** False: the search ended at its time limit. */
  readonly isComplete: boolean;
}

/**
 * Finds the key prefixes under which instances publish, by a `SCAN` for their indexes. It ends after `limitMs`, or
 * once it has visited all keys of the database.
 *
 * @param visited told after each step
 * @throws InfrastructureError when Redis does not answer
 */
export async function fleetPrefixes(
  cache: RedisCache,
  limitMs: number,
  visited?: (steps: number) => void,
): Promise<FoundPrefixes> {
  const { l2 } = engineOf(cache);
  const prefixes = new Set<string>();
  if (l2 === undefined) return { prefixes: [], isComplete: true };
  const end = performance.now() + limitMs;
  let steps = 0;
  for await (const page of l2.keys.pages(indexGlob)) {
    for (const prefix of page.map(prefixOfIndex)) if (prefix !== undefined) prefixes.add(prefix);
    visited?.(++steps);
    if (performance.now() > end || prefixes.size >= mostInstances) {
      return { prefixes: [...prefixes].sort(), isComplete: false };
    }
  }
  return { prefixes: [...prefixes].sort(), isComplete: true };
}
