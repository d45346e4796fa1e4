const ttlMs = 3_600_000;

/**
 * The L1 of this library as a policy; its entries live for an hour.
 *
 * @param {typeof import('../../../libs/cache-infra/src/tiers/memory/memory-tier.ts').MemoryTier} MemoryTier
 * @param {import('../../../libs/cache-infra/src/base/clock.ts').Clock} clock
 */
export function memoryTierPolicy(MemoryTier, clock) {
  return class MemoryTierPolicy {
    #tier;

    constructor(capacity) {
      this.#tier = new MemoryTier({ maxSize: capacity, clock, onEvict: () => undefined });
    }

    get size() {
      return this.#tier.size;
    }

    has(key) {
      return this.#tier.has(key);
    }

    /** Uses the key, and stores it if it is absent. Returns true for a hit. */
    access(key) {
      if (this.#tier.held(key) !== undefined) return true;
      this.#tier.setPlain(key, true, clock.now() + ttlMs);
      return false;
    }

    close() {
      this.#tier.close();
    }
  };
}
