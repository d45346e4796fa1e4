import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { failureKind } from '../../tiers/redis/errors.js';
import type { LoadGuard, LoadGuards } from '../../tiers/redis/load-guards.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkCall } from '../invalidate/bulk-call.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';
import type { Recovery } from '../recover/recovery.js';
import type { Coherence } from '../invalidate/coherence.js';
import type { Supersedable } from '../invalidate/in-flight.js';
import type { InFlightWork, WriteInFlight } from '../invalidate/in-flight-work.js';
import type { KeySignals } from '../invalidate/key-signals.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { Counters } from '../observe/counters.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { StoredForms } from '../entry/isolation.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { Keyspace } from '../entry/keyspace.js';
import { newEntry, withL1Ttl } from '../entry/l1-entries.js';
import type { Moment } from '../recover/journal.js';
import type { StorePlan } from '../entry/store-plan.js';
import type { WriteStreak } from './write-streak.js';

/** The state under which a loader made its value: later invalidations are judged by it. */
export interface MadeUnder {
  /** The tag table's latest epoch when the loader started. */
  readonly epoch: number;
  /** The load's guard in Redis; undefined = Redis did not answer, or was not asked. */
  readonly guard: LoadGuard | undefined;
}

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
  readonly clock: Clock;
  readonly tags: TagSync;
  /** undefined = there is no journal: changes that do not reach the L2 are lost. */
  readonly recovery: Recovery | undefined;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
  readonly entries: LocalEntries;
  readonly aliases: KeyAliases;
  readonly work: InFlightWork;
  readonly coherence: Coherence;
  readonly keySignals: KeySignals;
  readonly writeStreak: WriteStreak;
  /** A set ends the back-off after a failed load. */
  readonly backoff: { succeeded(id: string): void };
}

/**
 * Stores values in the tiers that the plan names: values of callers (`put`), and values of loaders (`storeLoaded`).
 *
 * *A set* supersedes all work in flight for its key. The L1 gets the value first, the L2 a round trip later.
 * If Redis does not take the set, it is journalled, unless it was superseded meanwhile: a later change may have reached
 * Redis already. With `onError: 'throw'` the call rejects, and the value leaves the L1 again.
 *
 * *A loaded value* is stored in Redis first, under the load's guard, and in the L1 only if the guard still stood: an
 * invalidation by any instance removes the guard. A loaded value that Redis does not take is not journalled, since its
 * key may have been invalidated elsewhere meanwhile; only while Redis is unavailable does the L1 keep it alone.
 */
export class TierWrites {
  readonly #deps: TierWritesDeps;

  constructor(deps: TierWritesDeps) {
    this.#deps = deps;
  }

  /** As `put`, for the fast path of sets (`Engine.mayStorePlainly`). `until`, `now`: milliseconds since the epoch. */
  putPlain(id: string, value: unknown, until: number, now: number): void {
    const { l1, counters, work } = this.#deps;
    if (work.loads.size > 0) work.loads.supersede(id);
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
      this.#storeL1(keyspace, key, stored, plan, tags.table.latest);
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
      this.#storeL1(keyspace, key, stored, plan, Math.min(epoch, write.latestEpoch ?? Infinity));
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
    this.#storeL1(keyspace, key, stored, plan, epoch);
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
    const removal = Promise.all([l2.delete([redisKey]), l2.read(redisKey)]);
    return (await this.#deps.errors.guarded(operation, removal)) === failed;
  }

  /**
   * Stores the value of a loader, unless the load was superseded: in this process, or, by its guard in Redis, by
   * another instance.
   */
  async storeLoaded(
    keyspace: Keyspace,
    key: string,
    stored: StoredForms,
    plan: StorePlan,
    work: Supersedable,
    made: MadeUnder,
  ): Promise<void> {
    const { l1, l2, guards, tags, counters } = this.#deps;
    if (work.superseded || this.#deps.lifecycle.closed) {
      await this.releaseGuard(made.guard);
      return;
    }
    // Redis already failed in this call: don't pay for a second time-out.
    if (l2?.link.inService === true && made.guard === undefined && plan.tiers !== 'l1') return;
    let { epoch } = made;
    if (l2?.link.inService === true && plan.tags.length > 0) {
      tags.tagsInUse();
      // Epoch 0: there was no table when the loader started. If this call creates it, no tag was invalidated meanwhile.
      if (epoch === 0) {
        const pulled = await this.#deps.errors.guarded('getOrSet', tags.pullForWrite());
        if (pulled === failed) {
          await this.releaseGuard(made.guard);
          return;
        }
        if (pulled.made) epoch = pulled.latest;
        if (isSuperseded(work) || this.#deps.lifecycle.closed) {
          await this.releaseGuard(made.guard);
          return;
        }
      }
    }
    if (l2 === undefined || guards === undefined || made.guard === undefined || plan.tiers === 'l1') {
      // Redis is in service but has not seen this key: it would report no change of it, so the L1 must not keep it.
      const l1Only = l2 === undefined || plan.tiers === 'l1' || !l2.link.inService;
      if (!l1Only || (plan.tiers === 'l2' && l2 !== undefined)) return;
      if (l2?.link.inService === true && !(await this.#isStillValid(keyspace, plan, epoch, work))) return;
      this.#storeL1(keyspace, key, stored, plan, epoch);
      return;
    }
    const { guard } = made;
    // An expiry in flight is about the older entry.
    this.#deps.work.expiries.supersede(keyspace.id(key));
    const encoded = l2.codec.encode(
      stored.snapshot,
      entryMeta(l2.clock.stamp(), plan, epoch),
      guard.redisKey,
    );
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    if (work.superseded || this.#deps.lifecycle.closed) {
      await this.releaseGuard(guard);
      return;
    }
    this.#deps.aliases.remember(guard.redisKey, key, keyspace);
    const generation = this.#deps.coherence.l1Generation;
    const ended = await this.#deps.errors.guarded(
      'getOrSet',
      this.#endWith(l2, guards, guard, bytes, redisTtl(plan)),
    );
    this.#deps.keySignals.send(guard.redisKey);
    // The key was changed since the loader started, or Redis did not say whether it was.
    if (
      ended === false ||
      (ended === failed && l2.link.inService) ||
      work.superseded ||
      this.#deps.lifecycle.closed
    )
      return;
    if (ended === true) {
      counters.storedL2();
      this.#deps.coherence.announce([guard.redisKey]);
    }
    if (!(await this.#isStillValid(keyspace, plan, epoch, work))) return;
    // The L1 was emptied meanwhile: Redis may not track this key for this instance any more.
    const isTracked = generation === this.#deps.coherence.l1Generation;
    if (plan.tiers === 'both' && isTracked) {
      this.#storeL1(keyspace, key, stored, plan, epoch);
    } else {
      counters.stored();
      // Redis does not report own writes: the L1 holds an older entry.
      l1?.delete(keyspace.id(key));
    }
  }

  /** True if no tag of the value was invalidated after `epoch`, by any instance. */
  async #isStillValid(
    keyspace: Keyspace,
    plan: StorePlan,
    epoch: number,
    work: Supersedable,
  ): Promise<boolean> {
    const { tags } = this.#deps;
    if (plan.tags.length === 0) return true;
    // Without a channel, only a pull brings invalidations by other instances.
    const pull = tags.pullForRead();
    if (pull !== undefined && (await this.#deps.errors.guarded('getOrSet', pull)) === failed) return false;
    return tags.table.isValid(keyspace.coveringTags(plan.tags), epoch) && !isSuperseded(work);
  }

  /** Releases the lease of a load whose value is not needed: it goes to the next waiting instance. */
  async releaseGuard(load: LoadGuard | undefined): Promise<void> {
    await this.#release(load, (guards, leased) => guards.end(leased, undefined, 0));
  }

  /** Releases the lease of a load without a value to store: all waiting instances load at once. */
  async releaseEmptyGuard(load: LoadGuard | undefined): Promise<void> {
    await this.#release(load, (guards, leased) => guards.endEmpty(leased));
  }

  async #release(
    load: LoadGuard | undefined,
    end: (guards: LoadGuards, load: LoadGuard) => Promise<unknown>,
  ): Promise<void> {
    const { guards } = this.#deps;
    if (load === undefined || !load.leased || load.ended || guards === undefined) return;
    await end(guards, load).catch(ignore);
    this.#deps.coherence.announce([guards.guardKeyOf(load.redisKey)]);
    // Redis does not report the end of an own lease, either.
    this.#deps.keySignals.send(load.redisKey);
  }

  /**
   * Ends a load with its value. `refused`: Redis is full and stores nothing, which is safe: the key had no current
   * value.
   */
  async #endWith(
    l2: RemoteTier,
    guards: LoadGuards,
    load: LoadGuard,
    bytes: Buffer,
    ttlMs: number,
  ): Promise<boolean | 'refused'> {
    try {
      return await guards.end(load, bytes, ttlMs);
    } catch (error) {
      if (failureKind(error) !== 'oom' || this.#deps.errors.throws) throw error;
      this.#deps.counters.failedL2();
      await l2.delete([load.redisKey]);
      return 'refused';
    }
  }

  #storeL1(keyspace: Keyspace, key: string, stored: StoredForms, plan: StorePlan, epoch: number): void {
    const { l1, clock, counters, emitter } = this.#deps;
    counters.stored();
    if (l1 !== undefined) {
      const id = keyspace.id(key);
      const now = clock.now();
      this.#deps.work.l1Written(id);
      if (plan.tiers === 'l2') {
        l1.delete(id);
      } else {
        const entry = newEntry(keyspace, stored.value, plan, epoch, now, this.#deps.entries.carriesTtl);
        l1.set(id, withL1Ttl(entry, plan.ttlMs, plan.l1TtlMs, now));
        counters.storedL1();
      }
    }
    if (emitter.has('set')) emitter.emit('set', { key });
  }
}

/** How long Redis keeps an entry, ttl and grace, milliseconds; 0 = without end. */
function redisTtl(plan: StorePlan): number {
  return plan.ttlMs === 0 ? 0 : plan.ttlMs + plan.graceMs;
}

function entryMeta(stamp: number, plan: StorePlan, tagEpoch: number): EntryMeta {
  return {
    stamp,
    nonce: Math.floor(Math.random() * 2 ** 32),
    ttlMs: plan.ttlMs,
    graceMs: plan.ttlMs === 0 ? 0 : plan.graceMs,
    tagEpoch: plan.tags.length === 0 ? 0 : tagEpoch,
    tags: plan.tags.length === 0 ? undefined : plan.tags,
  };
}

/** Reads the flag anew after an `await`: TypeScript would keep the narrowed type. */
function isSuperseded(work: Supersedable): boolean {
  return work.superseded;
}

function ignore(): void {
  // A lease that could not be released expires.
}
