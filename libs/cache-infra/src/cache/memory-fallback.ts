import type { Engine } from './engine.js';
import { InMemoryCache } from './in-memory-cache.js';
import type { RedisCache } from './redis-cache.js';
import { engineOf, TieredCache } from './tiered-cache.js';

/**
 * The same cache as an `InMemoryCache`, for when Redis is not there at start: it serves from memory, and takes Redis into use by
 * itself as soon as Redis comes. `cache` is spent then.
 */
export function memoryFallback(cache: RedisCache): InMemoryCache {
  // An InMemoryCache on an engine that is there already: its own constructor would make another, and takes options alone.
  return Reflect.construct<[Engine], TieredCache>(TieredCache, [engineOf(cache)], InMemoryCache);
}
