import type { RedisCache } from '../../cache/redis-cache.js';
import { cachesBeside, type SeveralCaches } from '../../config/several-caches.js';
import type { CacheSummary } from '../../fleet/summary.js';
import { percentDecoded } from '../../keys/namespace.js';
import { prepareCache } from '../open-cache.js';

/**
 * The caches of a fleet, as Redis holds them. Each is opened when it is first asked for, with its options in the
 * configuration if that has a cache of its name: an encrypted value needs its key.
 */
export class FleetCaches {
  readonly #config: SeveralCaches;
  readonly #open = new Map<string, RedisCache>();

  /** `config`: its Redis is that of the fleet. */
  constructor(config: SeveralCaches) {
    this.#config = config;
  }

  /** @throws ValidationError for an invalid configuration of the cache */
  of({ name, keyPrefix }: Pick<CacheSummary, 'name' | 'keyPrefix'>): RedisCache {
    const id = `${keyPrefix}:${name}`;
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const cache = this.#prepare(name, percentDecoded(keyPrefix));
    this.#open.set(id, cache);
    return cache;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((cache) => cache.close()));
  }

  #prepare(name: string, keyPrefix: string): RedisCache {
    const beside = cachesBeside(this.#config)[name];
    if (beside === undefined) return prepareCache({ ...this.#config, keyPrefix }, undefined);
    const caches = { ...this.#config.caches, [name]: { ...beside, keyPrefix } };
    return prepareCache({ ...this.#config, caches }, name);
  }
}
