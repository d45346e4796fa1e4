import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { idOf, type Keyspace } from './keyspace.js';

/** Number of aliases from which on unneeded ones are dropped. */
const firstLimit = 100;

/**
 * Maps Redis keys to ids of L1 entries, since an invalidation names the Redis key. The id follows from a readable Redis
 * key, but not from a digest: digested keys are remembered while the L1 holds their entry or work for it is in flight.
 */
export class KeyAliases {
  readonly #keyPrefix: string;
  readonly #l1: MemoryTier | undefined;
  readonly #isInFlight: (id: string) => boolean;
  readonly #idByRedisKey = new Map<string, string>();
  #limit = firstLimit;

  constructor(keyPrefix: string, l1: MemoryTier | undefined, isInFlight: (id: string) => boolean) {
    this.#keyPrefix = keyPrefix;
    this.#l1 = l1;
    this.#isInFlight = isInFlight;
  }

  /** The id of the entry under a Redis key; undefined = no entry can have this key. */
  idOf(redisKey: string): string | undefined {
    return this.#idByRedisKey.get(redisKey) ?? idOf(this.#keyPrefix, redisKey);
  }

  remember(redisKey: string, key: string, keyspace: Keyspace): void {
    const l1 = this.#l1;
    if (l1 === undefined) return;
    const at = redisKey.length - key.length - 1;
    const isReadable = redisKey.endsWith(key) && redisKey[at] === ':';
    if (isReadable) return;
    this.#idByRedisKey.set(redisKey, keyspace.id(key));
    if (this.#idByRedisKey.size > this.#limit) this.#dropUnneeded(l1, redisKey);
  }

  #dropUnneeded(l1: MemoryTier, newest: string): void {
    for (const [redisKey, id] of this.#idByRedisKey) {
      const isNeeded = redisKey === newest || l1.has(id) || this.#isInFlight(id);
      if (!isNeeded) this.#idByRedisKey.delete(redisKey);
    }
    this.#limit = 2 * Math.max(l1.maxSize, this.#idByRedisKey.size) + firstLimit;
  }
}
