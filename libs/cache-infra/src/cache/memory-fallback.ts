import type { Engine } from './engine.js';
import { InMemoryCache } from './in-memory-cache.js';
import type { RedisCache } from './redis-cache.js';
import { engineOf, TieredCache } from './tiered-cache.js';

/**
 * The same engine as an `InMemoryCache`, for a start without Redis: it serves from memory, and uses Redis once it is
 * available. Do not use `cache` afterwards.
 */
export function memoryFallback(cache: RedisCache): InMemoryCache {
  // The constructor of InMemoryCache takes options and makes an engine of its own; this skips it.
  return Reflect.construct<[Engine], TieredCache>(TieredCache, [engineOf(cache)], InMemoryCache);
}
