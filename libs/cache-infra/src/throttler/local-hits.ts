import type { HitCount, HitLimit } from '../tiers/remote-tier.js';

/** The hits of one key. Moments are milliseconds since the epoch. */
interface Hits {
  /** The end of each hit that counts. */
  ends: number[];
  windowEnd: number;
  /** 0 = the key is not blocked. */
  blockEnd: number;
}

/**
 * Counts hits in this process, as `countHitScript` does in Redis. Keeps at most `maxKeys` keys: beyond them the key
 * whose last hit is the oldest is forgotten, and starts anew.
 */
export class LocalHits {
  readonly #maxKeys: number;
  /** In the order of their last hits. */
  readonly #byKey = new Map<string, Hits>();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** Keys with hits. */
  get size(): number {
    return this.#byKey.size;
  }

  count(key: string, { windowMs, limit, blockMs }: HitLimit): HitCount {
    const now = Date.now();
    const known = this.#touched(key);
    if (known.blockEnd > 0 && known.blockEnd <= now) {
      known.ends = [];
      known.blockEnd = 0;
    }
    known.ends = known.ends.filter((end) => end > now);
    if (known.windowEnd <= now) known.windowEnd = now + windowMs;
    const windowLeftMs = known.windowEnd - now;
    if (blockMs <= 0) {
      const isBlocked = known.ends.length >= limit;
      const oldest = known.ends.length === 0 ? known.windowEnd : Math.min(...known.ends);
      if (isBlocked)
        return { hits: known.ends.length + 1, windowLeftMs, isBlocked, blockLeftMs: oldest - now };
      known.ends.push(now + windowMs);
      return { hits: known.ends.length, windowLeftMs, isBlocked, blockLeftMs: 0 };
    }
    if (known.blockEnd === 0) {
      known.ends.push(now + windowMs);
      if (known.ends.length > limit) known.blockEnd = now + blockMs;
    }
    const isBlocked = known.blockEnd > 0;
    const blockLeftMs = isBlocked ? known.blockEnd - now : 0;
    return { hits: known.ends.length, windowLeftMs, isBlocked, blockLeftMs };
  }

  #touched(key: string): Hits {
    const known = this.#byKey.get(key) ?? { ends: [], windowEnd: 0, blockEnd: 0 };
    this.#byKey.delete(key);
    this.#byKey.set(key, known);
    if (this.#byKey.size > this.#maxKeys) {
      const [oldest] = this.#byKey.keys();
      if (oldest !== undefined) this.#byKey.delete(oldest);
    }
    return known;
  }
}
