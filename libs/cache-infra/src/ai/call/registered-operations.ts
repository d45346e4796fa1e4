import { ValidationError } from '../../base/errors.js';
import type { Cache } from '../../cache/contract/cache.js';
import type { AiOperation } from './operation.js';
import type { ResolvedSettings } from './settings.js';

/** The operations that services have registered on a cache, by key prefix and name. */
const registered = new WeakMap<Cache, Map<string, AiOperation>>();

/**
 * Registers the operations of a service. Two services on one cache share the answers of an operation: they must agree on
 * what it means.
 *
 * @throws ValidationError if another service registered an operation of that name with other settings
 */
export function registerOperations(cache: Cache, { prefix, operations }: ResolvedSettings): void {
  const known = registered.get(cache) ?? new Map<string, AiOperation>();
  registered.set(cache, known);
  const ids = [...operations].map(([name, settings]) => ({ name, settings, id: `${prefix}:${name}` }));
  const clash = ids.find(({ id, settings }) => known.has(id) && !isSame(known.get(id), settings));
  if (clash !== undefined) {
    const path = `operations.${clash.name}`;
    const message = `${path} is registered on cache '${cache.name}' by another AiCacheService with other settings: give one of them another name, or its own keyPrefix`;
    throw new ValidationError([{ path, message }], 'AiCacheService');
  }
  for (const { id, settings } of ids) known.set(id, settings);
}

/** Whether settings are equal. Functions are, if they are one or have one source. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === 'function' && typeof b === 'function') return String(a) === String(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) =>
    isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}
