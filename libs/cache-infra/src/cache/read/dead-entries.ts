import type { DeadEntry, RedisTier } from '../../tiers/redis/redis-tier.js';

/** Entries of one script: Redis serves nobody else meanwhile. */
const batchSize = 100;
/** Entries that wait at most: one that finds no room is found again by the next read. */
const maxWaiting = 10_000;

/**
 * Removes entries from Redis that were read and found to be invalid: they would stay until their ttl, or for ever
 * without one. One batch is under way at a time, so that a flood of reads is no flood of commands.
 */
export class DeadEntries {
  readonly #l2: RedisTier;
  readonly #isWanted: (id: string) => boolean;
  readonly #waiting = new Map<string, DeadEntry>();
  #isRemoving = false;

  /** `isWanted`: whether the entry behind an id is to be removed, asked when it is found and when it is removed. */
  constructor(l2: RedisTier, isWanted: (id: string) => boolean) {
    this.#l2 = l2;
    this.#isWanted = isWanted;
  }

  add(id: string, entry: DeadEntry): void {
    if (this.#waiting.size >= maxWaiting || !this.#isWanted(id)) return;
    this.#waiting.set(id, entry);
    if (this.#isRemoving) return;
    this.#isRemoving = true;
    setImmediate(this.#removeSome);
  }

  readonly #removeSome = (): void => {
    const batch: DeadEntry[] = [];
    for (const [id, entry] of this.#waiting) {
      this.#waiting.delete(id);
      if (this.#isWanted(id)) batch.push(entry);
      if (batch.length === batchSize) break;
    }
    if (batch.length === 0) {
      this.#isRemoving = false;
      return;
    }
    this.#l2.removeDead(batch).then(this.#removeSome, () => {
      // Redis has other troubles: the next read finds what is still there.
      this.#waiting.clear();
      this.#isRemoving = false;
    });
  };
}
