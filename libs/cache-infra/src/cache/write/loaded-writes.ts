import { failureKind } from '../../tiers/redis/errors.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { RemoteLoad, RemoteTier } from '../../tiers/remote-tier.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { StoredForms } from '../entry/isolation.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { StorePlan } from '../entry/store-plan.js';
import type { Coherence } from '../invalidate/coherence.js';
import { isSuperseded, type Supersedable } from '../invalidate/in-flight.js';
import type { InFlightWork } from '../invalidate/in-flight-work.js';
import type { KeySignals } from '../invalidate/key-signals.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';
import { entryMeta, redisTtl } from './entry-meta.js';
import type { L1Writes } from './l1-writes.js';

/** The state under which a loader made its value: later invalidations are judged by it. */
export interface MadeUnder {
  /** The tag table's latest epoch when the loader started. */
  readonly epoch: number;
  /** The load in Redis; undefined = Redis did not answer, or was not asked. */
  readonly remote: RemoteLoad | undefined;
}

/** A value on its way to the tiers. */
interface LoadedValue {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly stored: StoredForms;
  readonly plan: StorePlan;
  readonly work: Supersedable;
  readonly epoch: number;
}

export interface LoadedWritesDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly guards: LoadGuards | undefined;
  readonly tags: TagSync;
  readonly counters: Counters;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
  readonly aliases: KeyAliases;
  readonly work: InFlightWork;
  readonly coherence: Coherence;
  readonly keySignals: KeySignals;
  readonly l1Writes: L1Writes;
}

/**
 * Stores values of loaders. A loaded value is stored in Redis first, and in the L1 only if Redis took it: Redis refuses
 * it if the key was invalidated or set, by any instance, since the load began. A loaded value that Redis does not take
 * is not journalled, since its key may have been invalidated elsewhere meanwhile; only while Redis is unavailable does
 * the L1 keep it alone.
 */
export class LoadedWrites {
  readonly #deps: LoadedWritesDeps;

  constructor(deps: LoadedWritesDeps) {
    this.#deps = deps;
  }

  /**
   * Stores the value of a loader, unless the load was superseded: in this process, or, as Redis finds, by another
   * instance. Returns whether a tier has stored it; a promise where Redis is asked.
   */
  store(
    keyspace: Keyspace,
    key: string,
    stored: StoredForms,
    plan: StorePlan,
    work: Supersedable,
    made: MadeUnder,
  ): boolean | Promise<boolean> {
    const { l2, lifecycle, l1Writes } = this.#deps;
    if (l2 === undefined) {
      if (work.superseded || lifecycle.closed) return false;
      l1Writes.store(keyspace, key, stored, plan, made.epoch);
      return true;
    }
    const isPlain = plan.tags.length === 0 && plan.tiers !== 'l1' && !work.superseded && !lifecycle.closed;
    if (!isPlain || made.remote === undefined)
      return this.#storeInRedis(l2, keyspace, key, stored, plan, work, made);
    // The usual case needs no async function: each costs a promise and a turn.
    return this.#send(l2, made.remote, { keyspace, key, stored, plan, work, epoch: made.epoch });
  }

  async #storeInRedis(
    l2: RemoteTier,
    keyspace: Keyspace,
    key: string,
    stored: StoredForms,
    plan: StorePlan,
    work: Supersedable,
    made: MadeUnder,
  ): Promise<boolean> {
    const { tags } = this.#deps;
    if (work.superseded || this.#deps.lifecycle.closed) return this.#releaseUnused(made.remote);
    // Redis already failed in this call: don't pay for a second time-out.
    if (l2.link.inService && made.remote === undefined && plan.tiers !== 'l1') return false;
    let { epoch } = made;
    if (l2.link.inService && plan.tags.length > 0) {
      tags.tagsInUse();
      // Epoch 0: there was no table when the loader started. If this call creates it, no tag was invalidated meanwhile.
      if (epoch === 0) {
        const pulled = await this.#deps.errors.guarded('getOrSet', tags.pullForWrite());
        if (pulled === failed) return this.#releaseUnused(made.remote);
        if (pulled.made) epoch = pulled.latest;
        if (isSuperseded(work) || this.#deps.lifecycle.closed) return this.#releaseUnused(made.remote);
      }
    }
    if (made.remote === undefined || plan.tiers === 'l1') {
      // Redis is in service but has not seen this key: it would report no change of it, so the L1 must not keep it.
      const l1Only = plan.tiers === 'l1' || !l2.link.inService;
      if (!l1Only || plan.tiers === 'l2') return false;
      if (l2.link.inService && !(await this.#isStillValid(keyspace, plan, epoch, work))) return false;
      this.#deps.l1Writes.store(keyspace, key, stored, plan, epoch);
      return true;
    }
    return this.#send(l2, made.remote, { keyspace, key, stored, plan, work, epoch });
  }

  /** Encodes the value and sends it. Returns whether it was stored. Throws if the value cannot be encoded. */
  #send(l2: RemoteTier, remote: RemoteLoad, value: LoadedValue): Promise<boolean> {
    const { keyspace, key, stored, plan, epoch } = value;
    // An expiry in flight is about the older entry.
    this.#deps.work.expiries.supersede(keyspace.id(key));
    const encoded = l2.codec.encode(
      stored.snapshot,
      entryMeta(l2.clock.stamp(), plan, epoch),
      remote.redisKey,
    );
    return encoded instanceof Promise
      ? encoded.then((bytes) => this.#sendBytes(l2, remote, value, bytes))
      : this.#sendBytes(l2, remote, value, encoded);
  }

  #sendBytes(l2: RemoteTier, remote: RemoteLoad, value: LoadedValue, bytes: Buffer): Promise<boolean> {
    const { keyspace, key, plan, work } = value;
    if (work.superseded || this.#deps.lifecycle.closed) return this.#releaseUnused(remote);
    this.#deps.aliases.remember(remote.redisKey, key, keyspace);
    const generation = this.#deps.coherence.l1Generation;
    return remote.store(bytes, redisTtl(plan), work).then(
      (isStored) => this.#ended(l2, remote, value, isStored, generation),
      (error: unknown) => this.#ended(l2, remote, value, this.#handleFailure(error), generation),
    );
  }

  /** Redis has taken or refused the value. Returns whether a tier has stored it. */
  #ended(
    l2: RemoteTier,
    remote: RemoteLoad,
    value: LoadedValue,
    ended: boolean | 'refused' | typeof failed,
    generation: number,
  ): boolean | Promise<boolean> {
    const { l1, counters, coherence, keySignals, lifecycle } = this.#deps;
    const { keyspace, key, plan, work, epoch } = value;
    keySignals.send(remote.redisKey);
    // The key was changed since the loader started, or Redis did not say whether it was.
    if (ended === false || (ended === failed && l2.link.inService) || work.superseded || lifecycle.closed)
      return false;
    if (ended === 'refused') {
      // Redis would report no removal of a key that it does not have: the L1 must not keep it, nor an older entry.
      l1?.delete(keyspace.id(key));
      return false;
    }
    const isInRedis = ended === true;
    if (isInRedis) {
      counters.storedL2();
      coherence.announce([remote.redisKey]);
    }
    if (plan.tags.length === 0) return this.#storeInL1(value, isInRedis, generation);
    return this.#isStillValid(keyspace, plan, epoch, work).then((isValid) =>
      isValid ? this.#storeInL1(value, isInRedis, generation) : false,
    );
  }

  /** `generation`: of the L1 when the value was sent to Redis. */
  #storeInL1(
    { keyspace, key, stored, plan, epoch }: LoadedValue,
    isInRedis: boolean,
    generation: number,
  ): boolean {
    const { l1, counters } = this.#deps;
    // The L1 was emptied meanwhile: Redis may not track this key for this instance any more.
    const isTracked = generation === this.#deps.coherence.l1Generation;
    if (plan.tiers === 'both' && isTracked) {
      this.#deps.l1Writes.store(keyspace, key, stored, plan, epoch);
      return true;
    }
    counters.stored();
    // Redis does not report own writes: the L1 holds an older entry.
    l1?.delete(keyspace.id(key));
    return isInRedis;
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

  async #releaseUnused(load: RemoteLoad | undefined): Promise<false> {
    await this.release(load);
    return false;
  }

  /** Releases the lease of a load whose value is not needed: it goes to the next waiting instance. */
  async release(load: RemoteLoad | undefined): Promise<void> {
    await this.#release(load, (leased) => leased.release());
  }

  /** Releases the lease of a load without a value to store: all waiting instances load at once. */
  async releaseEmpty(load: RemoteLoad | undefined): Promise<void> {
    await this.#release(load, (leased) => leased.releaseEmpty());
  }

  async #release(load: RemoteLoad | undefined, end: (load: RemoteLoad) => Promise<unknown>): Promise<void> {
    const { guards } = this.#deps;
    if (load === undefined || !load.leased || load.ended || guards === undefined) return;
    await end(load).catch(ignore);
    this.#deps.coherence.announce([guards.guardKeyOf(load.redisKey)]);
    // Redis does not report the end of an own lease, either.
    this.#deps.keySignals.send(load.redisKey);
  }

  /** `refused`: Redis is full. What it holds under the key is not touched: a later change may have made it. */
  #handleFailure(error: unknown): 'refused' | typeof failed {
    const { errors } = this.#deps;
    if (failureKind(error) !== 'oom' || errors.throws) {
      errors.tolerate('getOrSet', error);
      return failed;
    }
    errors.report('getOrSet', error);
    return 'refused';
  }
}

function ignore(): void {
  // A lease that could not be released expires.
}
