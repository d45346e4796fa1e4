import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { failureKind } from '../../tiers/redis/errors.js';
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
import type { Moment } from '../recover/journal.js';
import type { StorePlan } from '../entry/store-plan.js';
import { entryMeta, redisTtl } from './entry-meta.js';
import type { L1Writes } from './l1-writes.js';
import type { WriteStreak } from './write-streak.js';

/** A set in flight. */
interface Write extends WriteInFlight {
  readonly operation: CacheOperation;
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly stored: StoredForms;
  readonly plan: StorePlan;
}

/** A set whose entry is encoded or sent. */
interface Sending {
  readonly write: Write;
  readonly epoch: number;
  /** Redis already failed in this call: don't pay for a second time-out. */
  readonly redisFailed: boolean;
  /** The moment of the call; undefined = there is no journal. */
  readonly moment: Moment | undefined;
  /** Epoch up to which this process knew the tag table in Redis at that moment. */
  readonly knownTagEpoch: number;
  readonly meta: EntryMeta;
  readonly redisKey: string;
}

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
    const id = keyspace.id(key);
    this.#deps.work.supersede(id);
    this.#deps.backoff.succeeded(id);
    const { l2, tags } = this.#deps;
    const isLocal = l2 === undefined || plan.tiers === 'l1';
    this.exempt(keyspace, key, plan);
    const covering = plan.tags.length === 0 ? undefined : keyspace.coveringTags(plan.tags);
    const call = { operation, keyspace, key, id, stored, plan };
    const write: Write = { superseded: false, done: undefined, tags: covering, ...call };
    if (isLocal) return this.#putL1(write);
    this.#deps.work.writes.start(id, write);
    // The usual case: encode at once, since neither the clock nor the tag table is needed from Redis.
    const storing =
      plan.tags.length === 0 && l2.clock.isKnown
        ? this.#store(l2, write, tags.table.latest, false)
        : this.#storeLater(l2, write);
    write.done = storing;
    return storing;
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
      const portion = new Turn();
      const puts: Promise<void>[] = [];
      do {
        const [key, stored] = entries[next++] as (typeof entries)[number];
        const id = keyspace.id(key);
        if (bulk.isSuperseded(id)) continue;
        puts.push(this.put(operation, keyspace, key, stored, planned()));
        bulk.begun(id);
      } while (next < entries.length && puts.length < portionSize && !portion.isOver);
      await Promise.all(puts);
      if (next < entries.length && turn.isOver) await turn.next();
    }
  }

  async #putL1(write: Write): Promise<void> {
    const { operation, keyspace, key, id, stored, plan } = write;
    const { l2, tags } = this.#deps;
    // Without tags no other instance can invalidate an entry that is in this L1 alone.
    if (l2 === undefined || plan.tags.length === 0) {
      this.#deps.l1Writes.store(keyspace, key, stored, plan, tags.table.latest);
      return;
    }
    tags.tagsInUse();
    const pulling = this.#deps.errors.guarded(operation, tags.pullForWrite());
    write.done = pulling;
    this.#deps.work.writes.start(id, write);
    try {
      const pulled = await pulling;
      const epoch = pulled === failed ? tags.table.latest : pulled.latest;
      // A later set or delete supersedes this one.
      if (isSuperseded(write) || this.#deps.lifecycle.closed) return;
      this.#deps.l1Writes.store(keyspace, key, stored, plan, Math.min(epoch, write.latestEpoch ?? Infinity));
    } finally {
      this.#ended(write);
    }
  }

  /** As `#store`, after asking Redis for its time and the tag epoch, which the entry carries. */
  async #storeLater(l2: RemoteTier, write: Write): Promise<void> {
    const { operation, plan } = write;
    const { tags } = this.#deps;
    let epoch = tags.table.latest;
    let redisFailed = false;
    try {
      // The first entry needs a stamp in Redis's time, too.
      if (!l2.clock.isKnown) {
        redisFailed = (await this.#deps.errors.guarded(operation, l2.clock.learn())) === failed;
      }
      if (plan.tags.length > 0) {
        tags.tagsInUse();
        if (!redisFailed) {
          const pulled = await this.#deps.errors.guarded(operation, tags.pullForWrite());
          redisFailed = pulled === failed;
          if (pulled !== failed) epoch = pulled.latest;
        }
      }
    } catch (error) {
      this.#ended(write);
      throw error;
    }
    return this.#store(l2, write, epoch, redisFailed);
  }

  /** Encodes the entry and sends it, unless the write is superseded first. */
  #store(l2: RemoteTier, write: Write, tableEpoch: number, redisFailed: boolean): Promise<void> {
    const { keyspace, key, stored, plan } = write;
    const epoch = Math.min(tableEpoch, write.latestEpoch ?? Infinity);
    try {
      const moment = this.#deps.recovery?.moment();
      const meta = entryMeta(l2.clock.stamp(), plan, epoch);
      const redisKey = keyspace.redisKey(key);
      const knownTagEpoch = this.#deps.tags.knownEpoch;
      const sending: Sending = { write, epoch, redisFailed, moment, knownTagEpoch, meta, redisKey };
      const encoded = l2.codec.encode(stored.snapshot, meta, redisKey);
      return encoded instanceof Promise
        ? this.#sendEncoded(l2, sending, encoded)
        : this.#send(l2, sending, encoded);
    } catch (error) {
      this.#ended(write);
      const refusal = error as Error;
      return Promise.reject(refusal);
    }
  }

  async #sendEncoded(l2: RemoteTier, sending: Sending, encoded: Promise<Buffer>): Promise<void> {
    let bytes: Buffer;
    try {
      bytes = await encoded;
    } catch (error) {
      this.#ended(sending.write);
      throw error;
    }
    return this.#send(l2, sending, bytes);
  }

  #send(l2: RemoteTier, sending: Sending, bytes: Buffer): Promise<void> {
    const { write, epoch, redisFailed, redisKey } = sending;
    const { keyspace, key, stored, plan } = write;
    const { recovery, guards, counters } = this.#deps;
    if (write.superseded || this.#deps.lifecycle.closed) {
      this.#ended(write);
      return Promise.resolve();
    }
    this.#deps.l1Writes.store(keyspace, key, stored, plan, epoch);
    this.#deps.aliases.remember(redisKey, key, keyspace);
    // The journalled change of this key is superseded from now on.
    recovery?.journal.supersede(redisKey);
    if (redisFailed) {
      this.#settle(sending, bytes, true);
      return Promise.resolve();
    }
    const guard = guards?.guardKeyOf(redisKey) ?? '';
    return l2.write({ redisKey, guard, bytes, ttlMs: redisTtl(plan), work: write }).then(
      (isWritten) => {
        if (isWritten) counters.storedL2();
        if (isWritten) this.#deps.writeStreak.accepted();
        this.#settle(sending, bytes, false);
      },
      (error: unknown) => this.#refused(l2, sending, bytes, error),
    );
  }

  async #refused(l2: RemoteTier, sending: Sending, bytes: Buffer, error: unknown): Promise<void> {
    const { write, redisKey } = sending;
    this.#deps.writeStreak.refused(error as Error);
    try {
      const mayBeJournalled = await this.#handleFailure(write.operation, l2, redisKey, error);
      this.#settle(sending, bytes, mayBeJournalled);
    } catch (thrown) {
      // The set rejects, so its value must not stay in the L1.
      this.#deps.l1?.delete(write.id);
      this.#ended(write);
      throw thrown;
    }
  }

  /** Ends a write. Journals it if it did not reach Redis. */
  #settle(
    { write, moment, knownTagEpoch, meta, redisKey }: Sending,
    bytes: Buffer,
    mayBeJournalled: boolean,
  ): void {
    this.#ended(write);
    this.#deps.coherence.announce([redisKey]);
    // A superseded set is not journalled: the later change may have reached Redis.
    if (mayBeJournalled && moment !== undefined && !write.superseded) {
      this.#deps.recovery?.recordSet(moment, {
        redisKey,
        bytes,
        meta,
        tags: write.tags ?? [],
        knownTagEpoch,
      });
    }
  }

  #ended(write: Write): void {
    this.#deps.work.writes.end(write.id, write);
  }

  /** Handles a set that Redis did not take. True = journal it. */
  async #handleFailure(
    operation: CacheOperation,
    l2: RemoteTier,
    redisKey: string,
    error: unknown,
  ): Promise<boolean> {
    const { errors } = this.#deps;
    const kind = failureKind(error);
    if (kind !== 'oom' || errors.throws) {
      errors.tolerate(operation, error);
      return kind !== 'permission';
    }
    // Redis is full: delete the older entry, so that readers miss. An older value would be wrong.
    this.#deps.counters.failedL2();
    // Read the key once more, so that the server tracks it for this instance.
    const removal = Promise.all([removeTraced(l2, redisKey), l2.read(redisKey)]);
    return (await this.#deps.errors.guarded(operation, removal)) === failed;
  }
}

/** Removes an entry, and leaves a tombstone if a full Redis has room for it. */
async function removeTraced(l2: RemoteTier, redisKey: string): Promise<void> {
  try {
    await l2.remove([redisKey], { leavesTombstones: true });
  } catch (error) {
    if (failureKind(error) !== 'oom') throw error;
    await l2.delete([redisKey]);
  }
}
