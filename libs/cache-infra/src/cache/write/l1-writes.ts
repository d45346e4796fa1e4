import type { Clock } from '../../base/clock.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { StoredForms } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { newEntry, withL1Ttl } from '../entry/l1-entries.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { StorePlan } from '../entry/store-plan.js';
import type { InFlightWork } from '../invalidate/in-flight-work.js';
import type { Counters } from '../observe/counters.js';
import type { CacheEmitter } from '../observe/emitter.js';

export interface L1WritesDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: object | undefined;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
  readonly entries: LocalEntries;
  readonly work: InFlightWork;
}

/** The last step of every stored value: the L1, the counters and the event. */
export class L1Writes {
  readonly #deps: L1WritesDeps;

  constructor(deps: L1WritesDeps) {
    this.#deps = deps;
  }

  /** `epoch`: the tag table's latest epoch under which the value was made. */
  store(keyspace: Keyspace, key: string, stored: StoredForms, plan: StorePlan, epoch: number): void {
    const { l1, l2, clock, counters, emitter } = this.#deps;
    let isStored = true;
    if (l1 !== undefined) {
      const id = keyspace.id(key);
      const now = clock.now();
      this.#deps.work.l1Written(id);
      if (plan.tiers === 'l2') {
        l1.delete(id);
      } else {
        const entry = newEntry(keyspace, stored.value, plan, epoch, now, this.#deps.entries.carriesTtl);
        if (l1.set(id, withL1Ttl(entry, plan.ttlMs, plan.l1TtlMs, now))) counters.storedL1();
        // Too large for the L1: only the L2 may hold it.
        else isStored = l2 !== undefined && plan.tiers !== 'l1';
      }
    }
    if (!isStored) return;
    counters.stored();
    if (emitter.has('set')) emitter.emit('set', { key });
  }
}
