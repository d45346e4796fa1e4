import type { RemoteTier } from '../../tiers/remote-tier.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkCall } from '../invalidate/bulk-call.js';
import { failed } from '../recover/error-policy.js';
import { isSuperseded } from '../invalidate/in-flight.js';
import type { WriteInFlight } from '../invalidate/in-flight-work.js';
import type { StoredForms } from '../entry/isolation.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { StorePlan } from '../entry/store-plan.js';
import { SetInFlight, type SetCall, type SetCaller, type SetDeps } from './set-in-flight.js';

export interface TierWritesDeps extends SetDeps {
  readonly l2: RemoteTier | undefined;
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

  /** As `put`, for the fast path of sets (`Engine.mayStorePlainly`). `until`: milliseconds since the epoch. */
  putPlain(id: string, value: unknown, until: number): void {
    const { l1, counters, work } = this.#deps;
    work.supersedeInMemory(id);
    this.#deps.backoff.succeeded(id);
    if (l1?.setPlain(id, value, until) === false) return;
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
    const { lifecycle, errors } = this.#deps;
    for (let next = 0; next < entries.length;) {
      if (errors.throws) lifecycle.assertOpen();
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
      } while (next < end && !time.isOver);
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

  constructor() {
    // A rejection before `ended` is called is not unhandled: the caller gets the promise.
    this.#promise.catch(ignore);
  }

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

function ignore(): void {
  // The caller of the whole handles the failure.
}
