import type { InMemoryCacheOptions } from './contract/cache-options.js';
import { memoryEngine } from './memory-assembly.js';
import { TieredCache } from './tiered-cache.js';

/**
 * A cache in the memory of this process: the engine with an L1 alone.
 *
 * ```ts
 * const cache = new InMemoryCache({ maxSize: 500, defaultTtl: 60 });
 * ```
 *
 * @throws ValidationError that lists every bad option
 */
export class InMemoryCache extends TieredCache {
  constructor(options: InMemoryCacheOptions = {}) {
    super(memoryEngine(options));
  }
}
