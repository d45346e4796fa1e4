import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { DeadEntry, RemoteTier } from '../../tiers/remote-tier.js';
import type { InFlightWork } from '../invalidate/in-flight-work.js';

/** Entries that one script removes. Redis serves no other command meanwhile. */
const batchSize = 100;
/** Most entries queued. Beyond it an entry is skipped, and the next read of its key finds it again. */
const maxWaiting = 10_000;

export interface DeadEntriesDeps {
  readonly l2: RemoteTier;
  readonly guards: LoadGuards;
  readonly lifecycle: Lifecycle;
  readonly work: InFlightWork;
}

/**
 * Removes dead entries that reads found in Redis. Without it they would stay until their ttl ends, or permanently
 * without a ttl. One batch is in flight at a time, so that many reads do not cause as many commands.
 */
export class DeadEntries {
  readonly #deps: DeadEntriesDeps;
  readonly #queued = new Map<string, DeadEntry>();
  #isRemoving = false;

  constructor(deps: DeadEntriesDeps) {
    this.#deps = deps;
  }

  /** An entry was read and is dead. */
  add(id: string, redisKey: string, { stamp, nonce }: EntryMeta): void {
    const { guards, lifecycle } = this.#deps;
    if (lifecycle.closed || this.#queued.size >= maxWaiting || !this.#isWanted(id)) return;
    this.#queued.set(id, { redisKey, guard: guards.guardKeyOf(redisKey), stamp, nonce });
    if (this.#isRemoving) return;
    this.#isRemoving = true;
    setImmediate(this.#removeSome);
  }

  readonly #removeSome = (): void => {
    const batch: DeadEntry[] = [];
    for (const [id, entry] of this.#queued) {
      this.#queued.delete(id);
      if (this.#isWanted(id)) batch.push(entry);
      if (batch.length === batchSize) break;
    }
    if (batch.length === 0) {
      this.#isRemoving = false;
      return;
    }
    this.#deps.l2.removeDead(batch).then(this.#removeSome, () => {
      // Redis fails: the next read of a key finds its dead entry again.
      this.#queued.clear();
      this.#isRemoving = false;
    });
  };

  /**
   * False if a write or a load in flight replaces the entry anyway. Checked when an entry is queued and when it is
   * removed.
   */
  #isWanted(id: string): boolean {
    return !this.#deps.work.hasChange(id);
  }
}
