import { onlyCache } from './figures.js';
import type { FoundFleet } from './fleet-reader.js';

/**
 * The fleet with the wanted cache only.
 *
 * @throws Error when no instance has such a cache
 */
export function narrowed({ prefix, fleet }: FoundFleet, cache: string | undefined): FoundFleet {
  if (cache === undefined) return { prefix, fleet };
  const names = fleet.total.caches.map(({ name }) => name);
  if (names.includes(cache)) return { prefix, fleet: onlyCache(fleet, cache) };
  const known = names.map((name) => `'${name}'`).join(', ');
  throw new Error(`--cache ${cache}: no instance has such a cache, only ${known}`);
}
