import type { InMemoryCacheOptions } from './contract/cache-options.js';
import { memoryEngine } from './memory-assembly.js';
import { TieredCache } from './tiered-cache.js';

/**
 * A cache in the memory of this process: an L1 without Redis. You must close the caches you create.
 *
 * ```ts
 * const cache = new InMemoryCache({ maxSize: 500, defaultTtl: 60 });
 * ```
 *
 * @throws ValidationError with every invalid option
 */
export class InMemoryCache extends TieredCache {
  constructor(options: InMemoryCacheOptions = {}) {
    super(memoryEngine(options));
  }
}
