import type { Lifecycle } from '../../base/lifecycle.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkCall } from '../invalidate/bulk-call.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';
import type { Recovery } from '../recover/recovery.js';
import type { Coherence } from '../invalidate/coherence.js';
import { isSuperseded } from '../invalidate/in-flight.js';
import type { InFlightWork, WriteInFlight } from '../invalidate/in-flight-work.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { Counters } from '../observe/counters.js';
import type { StoredForms } from '../entry/isolation.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { StorePlan } from '../entry/store-plan.js';
import type { L1Writes } from './l1-writes.js';
import { SetInFlight, type SetCall, type SetCaller } from './set-in-flight.js';
import type { WriteStreak } from './write-streak.js';

/** Entries of a call for many that are sent between two looks at the time. */
const sentAtOnce = 16;

export interface TierWritesDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  /** Protects loads across instances. */
  readonly guards: LoadGuards | undefined;
  readonly tags: TagSync;
  /** undefined = there is no journal: changes that do not reach the L2 are lost. */
  readonly recovery: Recovery | undefined;
  readonly counters: Counters;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
  readonly aliases: KeyAliases;
  readonly work: InFlightWork;
  readonly coherence: Coherence;
  readonly writeStreak: WriteStreak;
  readonly l1Writes: L1Writes;
  /** A set ends the back-off after a failed load. */
  readonly backoff: { succeeded(id: string): void };
}

/**
 * Stores values of callers in the tiers that the plan names. (`LoadedWrites` stores those of loaders.)
 *
 * *A set* supersedes all work in flight for its key. The L1 gets the value first, the L2 a round trip later.
 * If Redis does not take the set, it is journalled, unless it was superseded meanwhile: a later change may have reached
 * Redis already. With `onError: 'throw'` the call rejects, and the value leaves the L1 again.
 */
export class TierWrites {
  readonly #deps: TierWritesDeps;

  constructor(deps: TierWritesDeps) {
    this.#deps = deps;
  }

  /** As `put`, for the fast path of sets (`Engine.mayStorePlainly`). `until`, `now`: milliseconds since the epoch. */
  putPlain(id: string, value: unknown, until: number, now: number): void {
    const { l1, counters, work } = this.#deps;
    work.supersedeInMemory(id);
    this.#deps.backoff.succeeded(id);
    l1?.setPlain(id, value, until, now);
    counters.stored();
    counters.storedL1();
  }

  /** Sets a value. Failures reject; the call itself does not throw. */
  put(
    operation: CacheOperation,
    keyspace: Keyspace,
    key: string,
    stored: StoredForms,
    plan: StorePlan,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = { operation, keyspace, key, id: keyspace.id(key), stored, plan };
      this.#put(call, { stored: resolve, refused: reject });
    });
  }

  #put(call: SetCall, caller: SetCaller): void {
    const { keyspace, key, id, stored, plan } = call;
    const { l2, work, backoff, tags, l1Writes } = this.#deps;
    work.supersede(id);
    backoff.succeeded(id);
    this.exempt(keyspace, key, plan);
    if (l2 !== undefined && plan.tiers !== 'l1') {
      new SetInFlight(this.#deps, l2, call, caller).begin();
    } else if (l2 === undefined || plan.tags.length === 0) {
      // Without tags no other instance can invalidate an entry that is in this L1 alone.
      l1Writes.store(keyspace, key, stored, plan, tags.table.latest);
      caller.stored();
    } else {
      this.#putTaggedL1(call).then(
        () => {
          caller.stored();
        },
        (error: unknown) => {
          caller.refused(error as Error);
        },
      );
    }
  }

  /** Exempts the key from pattern removals that are scanning Redis: they cover earlier values only. */
  exempt(keyspace: Keyspace, key: string, { tiers }: StorePlan): void {
    if (!this.#deps.work.hasScans) return;
    const isLocal = this.#deps.l2 === undefined || tiers === 'l1';
    this.#deps.work.exempt(keyspace.id(key), isLocal ? undefined : keyspace.redisKey(key));
  }

  /**
   * As `put`, for many entries, in portions: each portion is encoded once Redis has taken the one before, and yields to
   * the event loop.
   */
  async putMany(
    operation: CacheOperation,
    keyspace: Keyspace,
    entries: readonly (readonly [key: string, stored: StoredForms])[],
    { bulk, planned }: { readonly bulk: BulkCall; readonly planned: () => StorePlan },
  ): Promise<void> {
    const turn = new Turn();
    for (let next = 0; next < entries.length;) {
      const portion = new Portion();
      const time = new Turn();
      const end = Math.min(entries.length, next + portionSize);
      do {
        const [key, stored] = entries[next++] as (typeof entries)[number];
        const id = keyspace.id(key);
        if (bulk.isSuperseded(id)) continue;
        portion.add();
        this.#put({ operation, keyspace, key, id, stored, plan: planned() }, portion);
        bulk.begun(id);
      } while (next < end && !(next % sentAtOnce === 0 && time.isOver));
      await portion.ended();
      if (next < entries.length && turn.isOver) await turn.next();
    }
  }

  /** Other instances may have invalidated a tag of the entry: its epoch is pulled first. */
  async #putTaggedL1({ operation, keyspace, key, id, stored, plan }: SetCall): Promise<void> {
    const { tags } = this.#deps;
    tags.tagsInUse();
    const pulling = this.#deps.errors.guarded(operation, tags.pullForWrite());
    const write: WriteInFlight = {
      superseded: false,
      tags: keyspace.coveringTags(plan.tags),
      done: pulling,
    };
    this.#deps.work.writes.start(id, write);
    try {
      const pulled = await pulling;
      const epoch = pulled === failed ? tags.table.latest : pulled.latest;
      // A later set or delete supersedes this one.
      if (isSuperseded(write) || this.#deps.lifecycle.closed) return;
      this.#deps.l1Writes.store(keyspace, key, stored, plan, Math.min(epoch, write.latestEpoch ?? Infinity));
    } finally {
      this.#deps.work.writes.end(id, write);
    }
  }
}

/** The sets of a call for many that are in flight together. Fails with the first that fails, as `Promise.all` does. */
class Portion implements SetCaller {
  /** One more than the sets in flight, until all are added. */
  #left = 1;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  readonly #promise = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  add(): void {
    this.#left++;
  }

  stored(): void {
    if (--this.#left === 0) this.#resolve();
  }

  refused(error: Error): void {
    this.#reject(error);
  }

  /** Call it once all sets are added. */
  ended(): Promise<void> {
    this.stored();
    return this.#promise;
  }
}
