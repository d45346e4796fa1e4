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

/** What a loaded value was made under: the state of the tag table, and what Redis knows of the load. */
export interface MadeUnder {
  readonly epoch: number;
  /** The load as Redis knows it; undefined = Redis did not answer, or was not asked. */
  readonly guard: LoadGuard | undefined;
}

/** A value that was set, on its way to the L2. */
interface Write extends WriteInFlight {
  readonly operation: CacheOperation;
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly stored: StoredForms;
  readonly plan: StorePlan;
}

/** It, as an entry. */
interface Sending {
  readonly write: Write;
  readonly epoch: number;
  /** Redis has failed already: it is not asked again. */
  readonly redisFailed: boolean;
  /** When it was set; undefined = what does not reach Redis is lost. */
  readonly moment: Moment | undefined;
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
  /** undefined = changes that do not reach the L2 are lost. */
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
  /** A set ends the pause after a failed load. */
  readonly backoff: { succeeded(id: string): void };
}

/** What is stored: values that were set, and values that loaders made, in the tiers that they are for. */
export class TierWrites {
  readonly #deps: TierWritesDeps;

  constructor(deps: TierWritesDeps) {
    this.#deps = deps;
  }

  /** As `put`, where `isPlainStore`; `until` and `now` in milliseconds since the epoch. */
  putPlain(id: string, value: unknown, until: number, now: number): void {
    const { l1, counters, work } = this.#deps;
    if (work.loads.size > 0) work.loads.supersede(id);
    this.#deps.backoff.succeeded(id);
    l1?.setPlain(id, value, until, now);
    counters.sets++;
    counters.l1Sets++;
  }

  /** Stores a value that supersedes whatever is under way for the key. Does not throw at once. */
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
    // As a rule nothing has to be asked first.
    const storing =
      plan.tags.length === 0 && l2.clock.isKnown
        ? this.#store(l2, write, tags.table.latest, false)
        : this.#storeLater(l2, write);
    write.done = storing;
    return storing;
  }

  /** What is being removed by a pattern now was there before. */
  exempt(keyspace: Keyspace, key: string, { tiers }: StorePlan): void {
    if (!this.#deps.work.hasScans) return;
    const isLocal = this.#deps.l2 === undefined || tiers === 'l1';
    this.#deps.work.exempt(keyspace.id(key), isLocal ? undefined : keyspace.redisKey(key));
  }

  /**
   * As `put`, for many. They go out in portions: the next ones are encoded once Redis has taken these, and others have their turn in
   * between.
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
    // Its tags may be invalidated elsewhere all the same.
    if (l2 === undefined || plan.tags.length === 0) {
      this.#storeL1(keyspace, key, stored, plan, tags.table.latest);
      return;
    }
    tags.tagsInUse();
    const learning = this.#deps.errors.guarded(operation, tags.pullForWrite());
    write.done = learning;
    this.#deps.work.writes.start(id, write);
    try {
      const learned = await learning;
      const epoch = learned === failed ? tags.table.latest : learned.latest;
      // Overtaken by a delete or another set.
      if (isSuperseded(write) || this.#deps.lifecycle.closed) return;
      this.#storeL1(keyspace, key, stored, plan, Math.min(epoch, write.latestEpoch ?? Infinity));
    } finally {
      this.#ended(write);
    }
  }

  /** As `#store`, after asking Redis for what the entry will say of itself. */
  async #storeLater(l2: RemoteTier, write: Write): Promise<void> {
    const { operation, plan } = write;
    const { tags } = this.#deps;
    let epoch = tags.table.latest;
    let redisFailed = false;
    try {
      // The first entry is stamped in Redis's time, too.
      if (!l2.clock.isKnown) {
        redisFailed = (await this.#deps.errors.guarded(operation, l2.clock.learn())) === failed;
      }
      if (plan.tags.length > 0) {
        tags.tagsInUse();
        if (!redisFailed) {
          const learned = await this.#deps.errors.guarded(operation, tags.pullForWrite());
          redisFailed = learned === failed;
          if (learned !== failed) epoch = learned.latest;
        }
      }
    } catch (error) {
      this.#ended(write);
      throw error;
    }
    return this.#store(l2, write, epoch, redisFailed);
  }

  /** Stores a value that is from now in every tier, unless the write is superseded before it gets there. */
  #store(l2: RemoteTier, write: Write, learned: number, redisFailed: boolean): Promise<void> {
    const { keyspace, key, stored, plan } = write;
    const epoch = Math.min(learned, write.latestEpoch ?? Infinity);
    try {
      const moment = this.#deps.recovery?.moment();
      const meta = entryMeta(l2.clock.stamp(), plan, epoch);
      const redisKey = keyspace.redisKey(key);
      const sending: Sending = { write, epoch, redisFailed, moment, meta, redisKey };
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
    // What waited to reach Redis is out of date from this moment on.
    recovery?.journal.supersede(redisKey);
    if (redisFailed) {
      this.#sent(sending, bytes, true);
      return Promise.resolve();
    }
    const guard = guards?.guardKeyOf(redisKey) ?? '';
    return l2.write({ redisKey, guard, bytes, ttlMs: redisTtl(plan), work: write }).then(
      (isWritten) => {
        if (isWritten) counters.l2Sets++;
        if (isWritten) this.#deps.writeStreak.taken();
        this.#sent(sending, bytes, false);
      },
      (error: unknown) => this.#notTaken(l2, sending, bytes, error),
    );
  }

  async #notTaken(l2: RemoteTier, sending: Sending, bytes: Buffer, error: unknown): Promise<void> {
    const { write, redisKey } = sending;
    this.#deps.writeStreak.refused(error as Error);
    try {
      const isLost = await this.#failedWrite(write.operation, l2, redisKey, error);
      this.#sent(sending, bytes, isLost);
    } catch (thrown) {
      // The caller is told that it failed: then the L1 must not go on as if it had not.
      this.#deps.l1?.delete(write.id);
      this.#ended(write);
      throw thrown;
    }
  }

  /** Redis has it, or will not have it for now. */
  #sent({ write, moment, meta, redisKey }: Sending, bytes: Buffer, isLost: boolean): void {
    this.#ended(write);
    this.#deps.coherence.announce([redisKey]);
    // What came after it may have reached Redis: then this must not come after that.
    if (isLost && moment !== undefined && !write.superseded) {
      this.#deps.recovery?.recordSet(moment, { redisKey, bytes, meta, tags: write.tags ?? [] });
    }
  }

  #ended(write: Write): void {
    this.#deps.work.writes.end(write.id, write);
  }

  /** What becomes of a write that Redis did not take: whether it is to be made up for. */
  async #failedWrite(
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
    // Redis is full: nothing can be added, but the value from before can leave. A miss is right, the old value is not.
    this.#deps.counters.l2Errors++;
    // And it is read once more, so that the server tells of the next change to it.
    const removal = Promise.all([l2.delete([redisKey]), l2.read(redisKey)]);
    return (await this.#deps.errors.guarded(operation, removal)) === failed;
  }

  /**
   * Stores a value that a loader made, unless the load was superseded: here, or, as Redis finds, anywhere else. A value that Redis cannot
   * take now lives in the L1 alone; it is not made up for, since nobody can say what happened to its key meanwhile.
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
      // The table is made with the first entry that has tags: no tag had been invalidated until then.
      if (epoch === 0) {
        const learned = await this.#deps.errors.guarded('getOrSet', tags.pullForWrite());
        if (learned === failed) {
          await this.releaseGuard(made.guard);
          return;
        }
        if (learned.made) epoch = learned.latest;
        if (isSuperseded(work) || this.#deps.lifecycle.closed) {
          await this.releaseGuard(made.guard);
          return;
        }
      }
    }
    if (l2 === undefined || guards === undefined || made.guard === undefined || plan.tiers === 'l1') {
      // A Redis that is in service and did not answer this once would not tell of changes to a key that it never heard of.
      const l1Only = l2 === undefined || plan.tiers === 'l1' || !l2.link.inService;
      if (!l1Only || (plan.tiers === 'l2' && l2 !== undefined)) return;
      if (l2?.link.inService === true && !(await this.#isStillValid(keyspace, plan, epoch, work))) return;
      this.#storeL1(keyspace, key, stored, plan, epoch);
      return;
    }
    const { guard } = made;
    // What ends a ttl looked at the entry before this one.
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
    // Invalidated, or set by somebody else, since the loader began; or nobody knows whether.
    if (
      ended === false ||
      (ended === failed && l2.link.inService) ||
      work.superseded ||
      this.#deps.lifecycle.closed
    )
      return;
    if (ended === true) {
      counters.l2Sets++;
      this.#deps.coherence.announce([guard.redisKey]);
    }
    if (!(await this.#isStillValid(keyspace, plan, epoch, work))) return;
    // Flushed meanwhile: what Redis was told before that moment it may not tell of.
    const isTracked = generation === this.#deps.coherence.l1Generation;
    if (plan.tiers === 'both' && isTracked) {
      this.#storeL1(keyspace, key, stored, plan, epoch);
    } else {
      counters.sets++;
      // The server does not tell of an own write: what stands here is from before it.
      l1?.delete(keyspace.id(key));
    }
  }

  /** Whether no tag of a value made at `epoch` was invalidated since, here or elsewhere. */
  async #isStillValid(
    keyspace: Keyspace,
    plan: StorePlan,
    epoch: number,
    work: Supersedable,
  ): Promise<boolean> {
    const { tags } = this.#deps;
    if (plan.tags.length === 0) return true;
    // Without a channel that tells of it, an invalidation of a tag elsewhere has to be asked about.
    const news = tags.pullForRead();
    if (news !== undefined && (await this.#deps.errors.guarded('getOrSet', news)) === failed) return false;
    return tags.table.isValid(keyspace.coveringTags(plan.tags), epoch) && !isSuperseded(work);
  }

  /** Gives back the lease of a load that nobody wants the value of any more: it goes to the next who waits. */
  async releaseGuard(load: LoadGuard | undefined): Promise<void> {
    await this.#giveBack(load, (guards, leased) => guards.end(leased, undefined, 0));
  }

  /** Gives back the lease of a load that brought nothing to store: those who wait for it load at once. */
  async releaseEmptyGuard(load: LoadGuard | undefined): Promise<void> {
    await this.#giveBack(load, (guards, leased) => guards.endEmpty(leased));
  }

  async #giveBack(
    load: LoadGuard | undefined,
    end: (guards: LoadGuards, load: LoadGuard) => Promise<unknown>,
  ): Promise<void> {
    const { guards } = this.#deps;
    if (load === undefined || !load.leased || load.ended || guards === undefined) return;
    await end(guards, load).catch(ignore);
    this.#deps.coherence.announce([guards.guardKeyOf(load.redisKey)]);
    // Nor of the end of an own lease.
    this.#deps.keySignals.send(load.redisKey);
  }

  /** In a full Redis a load's end stores nothing, and need not: the key had no current value. */
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
      this.#deps.counters.l2Errors++;
      await l2.delete([load.redisKey]);
      return 'refused';
    }
  }

  #storeL1(keyspace: Keyspace, key: string, stored: StoredForms, plan: StorePlan, epoch: number): void {
    const { l1, clock, counters, emitter } = this.#deps;
    counters.sets++;
    if (l1 !== undefined) {
      const id = keyspace.id(key);
      const now = clock.now();
      // A read that began before this write may bring the value from before it.
      this.#deps.work.l1Written(id);
      if (plan.tiers === 'l2') {
        l1.delete(id);
      } else {
        const made = newEntry(keyspace, stored.value, plan, epoch, now, this.#deps.entries.carriesTtl);
        l1.set(id, withL1Ttl(made, plan.ttlMs, plan.l1TtlMs, now));
        counters.l1Sets++;
      }
    }
    if (emitter.has('set')) emitter.emit('set', { key });
  }
}

/** How long Redis keeps an entry: its grace, too. */
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

/** Asked again after a pause, in which that may have changed. */
function isSuperseded(work: Supersedable): boolean {
  return work.superseded;
}

function ignore(): void {
  // A lease that could not be given back ends by itself.
}
