import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { DeadEntry, RemoteTier } from '../../tiers/remote-tier.js';
import type { InFlightWork } from '../invalidate/in-flight-work.js';

/** Entries of one script: Redis serves nobody else meanwhile. */
const batchSize = 100;
/** Entries that wait at most: one that finds no room is found again by the next read. */
const maxWaiting = 10_000;

export interface DeadEntriesDeps {
  readonly l2: RemoteTier;
  readonly guards: LoadGuards;
  readonly lifecycle: Lifecycle;
  readonly work: InFlightWork;
}

/**
 * Removes entries from Redis that were read and found to be invalid: they would stay until their ttl, or for ever
 * without one. One batch is under way at a time, so that a flood of reads is no flood of commands.
 */
export class DeadEntries {
  readonly #deps: DeadEntriesDeps;
  readonly #waiting = new Map<string, DeadEntry>();
  #isRemoving = false;

  constructor(deps: DeadEntriesDeps) {
    this.#deps = deps;
  }

  /** An entry was read and is dead. */
  add(id: string, redisKey: string, { stamp, nonce }: EntryMeta): void {
    const { guards, lifecycle } = this.#deps;
    if (lifecycle.closed || this.#waiting.size >= maxWaiting || !this.#isWanted(id)) return;
    this.#waiting.set(id, { redisKey, guard: guards.guardKeyOf(redisKey), stamp, nonce });
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
    this.#deps.l2.removeDead(batch).then(this.#removeSome, () => {
      // Redis has other troubles: the next read finds what is still there.
      this.#waiting.clear();
      this.#isRemoving = false;
    });
  };

  /** A write or a load in flight replaces the entry anyway. Asked when an entry is found, and when it is removed. */
  #isWanted(id: string): boolean {
    return !this.#deps.work.hasChange(id);
  }
}
