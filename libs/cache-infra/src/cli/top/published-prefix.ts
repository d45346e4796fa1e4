import type { RedisCache } from '../../cache/redis-cache.js';
import { engineOf } from '../../cache/tiered-cache.js';
import { fleetPrefixes } from '../../fleet/read-fleet.js';
import { percentDecoded } from '../../keys/namespace.js';

/** Milliseconds that the search for prefixes may take. */
const searchMs = 5000;

/** No instance publishes, or it is not known which fleet is wanted. The message says what to do. */
export class NoFleetError extends Error {}

/**
 * The key prefix under which an application publishes itself, as it stands in Redis; undefined = none does.
 *
 * @throws NoFleetError when several applications publish, or Redis has too many keys to find one
 * @throws InfrastructureError when Redis does not answer
 */
export async function publishedPrefix(
  cache: RedisCache,
  onSearch: (steps: number) => void,
): Promise<string | undefined> {
  const { prefixes, isComplete } = await fleetPrefixes(cache, searchMs, onSearch);
  const address = engineOf(cache).l2?.link.address ?? '';
  if (prefixes.length > 1) {
    const known = prefixes.map((prefix) => `--prefix ${percentDecoded(prefix)}`).join(', ');
    throw new NoFleetError(`Several applications publish on Redis (${address}). Choose one: ${known}`);
  }
  if (prefixes.length === 0 && !isComplete) {
    throw new NoFleetError(
      `Redis (${address}) has too many keys to find the prefix of the application within ${String(searchMs / 1000)} s. Give it: --prefix shop`,
    );
  }
  return prefixes[0];
}
