import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { failureKind } from '../../tiers/redis/errors.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { EntryWrite, RemoteTier } from '../../tiers/remote-tier.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { StoredForms } from '../entry/isolation.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { StorePlan } from '../entry/store-plan.js';
import type { Coherence } from '../invalidate/coherence.js';
import type { InFlightWork, WriteInFlight } from '../invalidate/in-flight-work.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';
import type { Moment } from '../recover/journal.js';
import type { Recovery } from '../recover/recovery.js';
import { entryMeta, redisTtl } from './entry-meta.js';
import type { L1Writes } from './l1-writes.js';
import type { WriteStreak } from './write-streak.js';

export interface SetDeps {
  readonly l1: MemoryTier | undefined;
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
}

/** A value to be set, and its options. */
export interface SetCall {
  readonly operation: CacheOperation;
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly stored: StoredForms;
  readonly plan: StorePlan;
}

/** Learns the outcome of a set. */
export interface SetCaller {
  stored(): void;
  refused(error: Error): void;
}

const noBytes = Buffer.alloc(0);

/**
 * One set in both tiers or in the L2, straight down: encode the entry, store it in the L1, send it, and journal it if
 * Redis did not take it. A set of many values makes one of these for each: it holds no promise, unless another call
 * waits for it.
 */
export class SetInFlight implements WriteInFlight, EntryWrite {
  superseded = false;
  latestEpoch?: number;
  readonly tags: readonly string[] | undefined;
  readonly redisKey: string;
  readonly guard: string;
  readonly ttlMs: number;
  bytes: Buffer = noBytes;
  readonly #deps: SetDeps;
  readonly #l2: RemoteTier;
  readonly #call: SetCall;
  readonly #caller: SetCaller;
  #hasEnded = false;
  /** Calls that wait for the end. */
  #waiting: (() => void)[] | undefined;
  #meta: EntryMeta | undefined;
  /** The moment of the call; undefined = there is no journal. */
  #moment: Moment | undefined;
  /** Epoch up to which this process knew the tag table in Redis at that moment. */
  #knownTagEpoch = 0;

  constructor(deps: SetDeps, l2: RemoteTier, call: SetCall, caller: SetCaller) {
    const { keyspace, key, plan } = call;
    this.#deps = deps;
    this.#l2 = l2;
    this.#call = call;
    this.#caller = caller;
    this.tags = plan.tags.length === 0 ? undefined : keyspace.coveringTags(plan.tags);
    this.redisKey = keyspace.redisKey(key);
    this.guard = deps.guards?.guardKeyOf(this.redisKey) ?? '';
    this.ttlMs = redisTtl(plan);
  }

  /** Resolves when Redis has taken or refused the entry. */
  get done(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      (this.#waiting ??= []).push(resolve);
    });
  }

  /** Does not throw: failures reach the caller. */
  begin(): void {
    const { work, tags } = this.#deps;
    const { id, plan } = this.#call;
    work.writes.start(id, this);
    // The usual case: encode at once, since neither the clock nor the tag table is needed from Redis.
    if (plan.tags.length === 0 && this.#l2.clock.isKnown) this.#store(tags.table.latest, false);
    else void this.#storeLater();
  }

  /** As `#store`, after asking Redis for its time and the tag epoch, which the entry carries. */
  async #storeLater(): Promise<void> {
    const { tags, errors } = this.#deps;
    const { operation, plan } = this.#call;
    const { clock } = this.#l2;
    let epoch = tags.table.latest;
    let redisFailed = false;
    try {
      // The first entry needs a stamp in Redis's time, too.
      if (!clock.isKnown) redisFailed = (await errors.guarded(operation, clock.learn())) === failed;
      if (plan.tags.length > 0) {
        tags.tagsInUse();
        if (!redisFailed) {
          const pulled = await errors.guarded(operation, tags.pullForWrite());
          redisFailed = pulled === failed;
          if (pulled !== failed) epoch = pulled.latest;
        }
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#store(epoch, redisFailed);
  }

  /**
   * Encodes the entry and sends it, unless it is superseded first. `redisFailed`: Redis already failed in this call:
   * don't pay for a second time-out.
   */
  #store(tableEpoch: number, redisFailed: boolean): void {
    const { recovery, tags } = this.#deps;
    const { stored, plan } = this.#call;
    const epoch = Math.min(tableEpoch, this.latestEpoch ?? Infinity);
    try {
      this.#moment = recovery?.moment();
      this.#meta = entryMeta(this.#l2.clock.stamp(), plan, epoch);
      this.#knownTagEpoch = tags.knownEpoch;
      const encoded = this.#l2.codec.encode(stored.snapshot, this.#meta, this.redisKey);
      if (encoded instanceof Promise) {
        encoded
          .then((bytes) => {
            this.#send(bytes, epoch, redisFailed);
          })
          .catch((error: unknown) => {
            this.#fail(error);
          });
      } else this.#send(encoded, epoch, redisFailed);
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(bytes: Buffer, epoch: number, redisFailed: boolean): void {
    const { recovery, aliases, l1Writes, lifecycle } = this.#deps;
    const { keyspace, key, stored, plan } = this.#call;
    if (this.superseded) {
      if (this.#isLost) {
        this.#fail(lifecycle.closedError());
        return;
      }
      this.#end();
      this.#caller.stored();
      return;
    }
    this.bytes = bytes;
    l1Writes.store(keyspace, key, stored, plan, epoch);
    aliases.remember(this.redisKey, key, keyspace);
    // The journalled change of this key is superseded from now on.
    recovery?.journal.supersede(this.redisKey);
    if (redisFailed) this.#settle(true);
    else this.#l2.write(this);
  }

  /** Redis has stored the entry; false = it was superseded before it was sent. */
  written(isWritten: boolean): void {
    const { counters, writeStreak } = this.#deps;
    if (isWritten) counters.storedL2();
    if (isWritten) writeStreak.accepted();
    if (!isWritten && this.#isLost) this.#fail(this.#deps.lifecycle.closedError());
    else this.#settle(false);
  }

  /** The end of the cache supersedes sets, too. With `onError: 'throw'` their callers must know. */
  get #isLost(): boolean {
    const { lifecycle, errors } = this.#deps;
    return lifecycle.closed && errors.throws;
  }

  /** Redis did not take the entry. */
  refused(error: unknown): void {
    this.#deps.writeStreak.refused(error as Error);
    this.#handleFailure(error).then(
      (mayBeJournalled) => {
        this.#settle(mayBeJournalled);
      },
      (thrown: unknown) => {
        // The set rejects, so its value must not stay in the L1.
        this.#leaveL1();
        this.#fail(thrown);
      },
    );
  }

  /** Ends the set. Journals it if it did not reach Redis. */
  #settle(mayBeJournalled: boolean): void {
    const { coherence, recovery } = this.#deps;
    this.#end();
    try {
      coherence.announce([this.redisKey]);
      // A superseded set is not journalled: the later change may have reached Redis.
      if (mayBeJournalled && this.#moment !== undefined && this.#meta !== undefined && !this.superseded) {
        recovery?.recordSet(this.#moment, {
          redisKey: this.redisKey,
          bytes: this.bytes,
          meta: this.#meta,
          tags: this.tags ?? [],
          knownTagEpoch: this.#knownTagEpoch,
        });
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#caller.stored();
  }

  #fail(error: unknown): void {
    this.#end();
    this.#caller.refused(error as Error);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#deps.work.writes.end(this.#call.id, this);
    if (this.#waiting !== undefined) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Handles a set that Redis did not take. True = journal it. */
  async #handleFailure(error: unknown): Promise<boolean> {
    const { errors } = this.#deps;
    const { operation } = this.#call;
    const kind = failureKind(error);
    if (kind !== 'oom' || errors.throws) {
      errors.tolerate(operation, error);
      if (kind !== 'permission') return true;
      this.#leaveL1();
      return false;
    }
    errors.report(operation, error);
    // A later change of this process decides what Redis holds.
    if (this.superseded || this.#meta === undefined) return false;
    // Redis is full: delete the older entry, so that readers miss. An older value would be wrong, and a newer one
    // stays.
    const { stamp } = this.#meta;
    const isWanted = (): boolean => !this.superseded;
    const { redisKey } = this;
    const removal = this.#l2.lateChanges.replay({ redisKey, stamp, leavesTombstone: true, isWanted });
    if ((await errors.guarded(operation, removal)) === failed) return true;
    this.#leaveL1();
    return false;
  }

  /** Redis reports no removal of a key that it does not have: the L1 must not keep a value that Redis refused. */
  #leaveL1(): void {
    if (!this.superseded) this.#deps.l1?.delete(this.#call.id);
  }
}
