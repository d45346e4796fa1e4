import type { Cache } from '../../cache/contract/cache.js';

const probeKey = 'probe';

/**
 * Reads entries as Redis holds them, past the L1, which may not yet know what the last holder of a lock has written.
 * A cache without Redis has one tier, and its `get` is exact.
 */
export class FreshReads {
  readonly #cache: Cache;
  #hasRedis = false;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** True once a read has shown that the cache has an L2. */
  get hasRedis(): boolean {
    return this.#hasRedis;
  }

  async read(key: string): Promise<unknown> {
    const found = await this.#fromRedis(key);
    if (found !== undefined || (await this.#findsRedis())) return found;
    return this.#cache.get(key);
  }

  /** The contract does not tell whether a cache has an L2. An entry that is in Redis alone can only be read there. */
  async #findsRedis(): Promise<boolean> {
    if (this.#hasRedis) return true;
    await this.#cache.set(probeKey, 1, { ttl: '1m', tiers: 'l2' });
    await this.#fromRedis(probeKey);
    return this.#hasRedis;
  }

  async #fromRedis(key: string): Promise<unknown> {
    const found = await this.#cache.getOrSet<unknown>(key, () => undefined, {
      tiers: 'l2',
      lock: false,
      verify: 0,
    });
    this.#hasRedis ||= found !== undefined;
    return found;
  }
}
