import type { Clock } from '../clock.js';
import type { EntryMeta } from '../codec/codec.js';
import type { Snapshot } from '../codec/snapshot.js';
import { CacheClosedError } from '../errors.js';
import { fencedKey } from '../tiers/fence-key.js';
import type { MemoryRecord } from '../tiers/memory-record.js';
import type { MemoryTier } from '../tiers/memory-tier.js';
import { failureKind } from '../tiers/redis-errors.js';
import type { RedisLoad, RedisLoads } from '../tiers/redis-loads.js';
import type { RedisTier } from '../tiers/redis-tier.js';
import type { TrackingMember } from '../tiers/shared-tracking.js';
import { activity } from './activity.js';
import { Backoff } from './backoff.js';
import type { Counters } from './counters.js';
import { runSafely, type CacheEmitter } from './emitter.js';
import type { Flight } from './flight.js';
import { InFlight, type Fenceable } from './in-flight.js';
import { keep } from './isolation.js';
import { removeMatchingFromRedis } from './matching-removal.js';
import type { CacheMonitor, CacheOperation } from './monitor.js';
import type { Observer } from './observer.js';
import type { Isolation, OnError } from './options.js';
import { idOf, tagTableKey, type Place } from './place.js';
import { expired, newRecord, refreshTime, undecided, withL1Ttl, withRefresh } from './records.js';
import type { Recovery } from './recovery.js';
import type { Matching } from './recovery-journal.js';
import type { CacheStats } from './stats.js';
import type { PlanDefaults, StorePlan } from './store-plan.js';
import type { TagKeeper } from './tag-keeper.js';
import { TierReads, type ReadPlan } from './tier-reads.js';
import { Waiters } from './waiters.js';

/** What a cache is made of, resolved once. */
export interface CoreParts {
  readonly name: string;
  readonly keyPrefix: string;
  readonly defaultTtl: number;
  /** For calls that name nothing else. */
  readonly defaults: PlanDefaults;
  /** First pause after a failed loader whose last value is served, milliseconds. */
  readonly graceBackoffMs: number;
  readonly maxSize: number;
  readonly isolation: Isolation;
  readonly onError: OnError;
  readonly clock: Clock;
  readonly monitor: CacheMonitor | undefined;
  readonly observer: Observer;
  readonly emitter: CacheEmitter;
  readonly counters: Counters;
  readonly tags: TagKeeper;
  readonly l1: MemoryTier | undefined;
  readonly l2: RedisTier | undefined;
  /** Protects loads across instances. */
  readonly loads: RedisLoads | undefined;
  /** What becomes of changes that do not reach the L2; undefined = they are lost. */
  readonly recovery: Recovery | undefined;
}

/** A value found, and where. */
export interface Found {
  readonly record: MemoryRecord;
  readonly tier: 'l1' | 'l2';
  /** Nobody else holds the value. */
  readonly isOwn: boolean;
}

/** What a loaded value was made under: the state of the tag table, and what Redis knows of the load. */
export interface MadeUnder {
  readonly epoch: number;
  /** The load as Redis knows it; undefined = Redis did not answer, or was not asked. */
  readonly load: RedisLoad | undefined;
}

const noJournal = { size: 0, bytes: 0, recorded: 0, replayed: 0, dropped: 0, expired: 0 };

/** What `guarded` gives for a call that failed. */
export const failed = Symbol('failed');

/** What a change gives that Redis will never take from this user. */
const refused = Symbol('refused');

/**
 * The engine: one for a cache and all its namespaces, whether there is an L1, an L2, both or neither. Knows which
 * values are current, and sees to it that what an invalidation covers is stored nowhere after it.
 */
export class CacheCore {
  readonly parts: CoreParts;
  readonly flights = new InFlight<Flight>();
  readonly waiters = new Waiters();
  readonly backoff: Backoff;
  /** Plain L1 hits until one takes the measured path. */
  untilMeasured: number;
  readonly #reads = new TierReads(this);
  readonly #writes = new InFlight<Fenceable>();
  readonly #aliases = new Map<string, string>();
  #maxAliases = 100;
  readonly #closing: (() => void)[] = [];
  /** How the L1 hears of changes made by others; undefined = it does not. */
  coherence: TrackingMember | undefined;
  /** Somebody asked for refreshes ahead of time. */
  carriesTtl = false;
  /** Changes whenever the L1 is emptied because it may have missed changes. */
  #l1Generation = 0;
  readonly #isIdle: boolean;
  readonly #hasHook: boolean;
  readonly #storesPlainly: boolean;
  #untilSetMeasured = 1;
  #closed = false;

  constructor(parts: CoreParts) {
    this.parts = parts;
    this.untilMeasured = parts.observer.sampleEvery;
    this.backoff = new Backoff(parts.graceBackoffMs);
    this.#isIdle = parts.observer.isIdle;
    this.#hasHook = parts.observer.hasHook;
    const { graceMs, jitter, refreshAhead, l1TtlMs } = parts.defaults;
    const isBare = graceMs === 0 && jitter === 0 && refreshAhead === undefined && l1TtlMs === undefined;
    this.#storesPlainly = parts.l1 !== undefined && parts.l2 === undefined && isBare;
    const { monitor, name } = parts;
    runSafely(() => {
      const detach = monitor?.attach?.({ name, stats: () => this.stats() });
      if (typeof detach === 'function') {
        this.onClose(() => {
          runSafely(detach);
        });
      }
    });
  }

  /** Exact counters, of the cache and all its namespaces. */
  stats(): CacheStats {
    const { counters, name, l1, l2, recovery } = this.parts;
    const compression = l2?.codec.compression ?? { count: 0, bytesIn: 0, bytesOut: 0 };
    return counters.snapshot(name, l1?.size ?? 0, compression, recovery?.journal.stats() ?? { ...noJournal });
  }

  assertOpen(): void {
    if (this.#closed) throw new CacheClosedError(this.parts.name);
  }

  /** Listeners for hits want every hit; the monitor says how many of them it wants. */
  restartSampling(): void {
    const { emitter, observer } = this.parts;
    this.untilMeasured = emitter.has('hit') ? 1 : observer.sampleEvery;
  }

  /** The L1's record, if it is current; what is of no more use is removed. */
  peek(id: string): MemoryRecord | undefined {
    const { l1, clock } = this.parts;
    const record = l1?.get(id);
    if (record === undefined) return undefined;
    const now = clock.now();
    if (now >= record.staleUntil || !this.#tagsValid(record)) {
      l1?.delete(id);
      return undefined;
    }
    return now < record.expiresAt ? record : undefined;
  }

  /** The L1's record past its ttl, within its grace. */
  peekStale(id: string): MemoryRecord | undefined {
    const record = this.parts.l1?.get(id);
    return record !== undefined && !this.isFresh(record) && this.isServable(record) ? record : undefined;
  }

  /** Neither invalidated nor beyond its grace. */
  isServable(record: MemoryRecord): boolean {
    return this.parts.clock.now() < record.staleUntil && this.#tagsValid(record);
  }

  /** As `isServable`, after learning what happened to its tags elsewhere. */
  async isStillServable(record: MemoryRecord): Promise<boolean> {
    if (hasTags(record)) {
      const news = this.parts.tags.newsForRead();
      if (news !== undefined) await this.guarded('getOrSet', news);
    }
    return this.isServable(record);
  }

  /** From now on entries in memory carry the ttl they were given: by it is decided when they are refreshed. */
  carryTtl(): void {
    this.carriesTtl = true;
  }

  /** True when a hit has to refresh the value; until the refresh has ended, other hits need not. */
  isRefreshDue(id: string, record: MemoryRecord, plan: StorePlan): boolean {
    const { clock, l1 } = this.parts;
    const { ttlMs = plan.ttlMs, refreshAt = undecided } = record.detail ?? {};
    const due = refreshAt === undecided ? refreshTime(record.endsAt, ttlMs, plan.refreshAhead) : refreshAt;
    const isDue = clock.now() >= due;
    if (isDue || refreshAt === undecided) l1?.set(id, withRefresh(record, ttlMs, isDue ? Infinity : due));
    return isDue;
  }

  /** A refresh has failed: hits leave it alone for a while. */
  postponeRefresh(id: string, until: number): void {
    const record = this.parts.l1?.get(id);
    if (record?.detail === undefined || !this.isFresh(record)) return;
    this.parts.l1?.set(id, withRefresh(record, record.detail.ttlMs, until));
  }

  isFresh(record: MemoryRecord): boolean {
    return this.parts.clock.now() < record.expiresAt;
  }

  /** Learns what happened to tags elsewhere, where that may matter to the L1's record; `failed` when Redis does not say. */
  async catchUpOnTags(operation: CacheOperation, id: string): Promise<undefined | typeof failed> {
    const { l1, tags } = this.parts;
    if (!tags.stale) return undefined;
    const record = l1?.get(id);
    if (record === undefined || !hasTags(record)) return undefined;
    return (await this.guarded(operation, tags.learn())) === failed ? failed : undefined;
  }

  /** The current record in either tier; counts nothing. */
  async look(operation: CacheOperation, place: Place, key: string): Promise<MemoryRecord | undefined> {
    const id = place.id(key);
    const asked = await this.catchUpOnTags(operation, id);
    const record = this.peek(id);
    // Who has waited for Redis once does not wait for it again.
    return record ?? (asked === failed ? undefined : this.lookL2(operation, place, key));
  }

  /** The current record in the L2; counts nothing. */
  async lookL2(operation: CacheOperation, place: Place, key: string): Promise<MemoryRecord | undefined> {
    const found = await this.tryL2(operation, place, key);
    return found === undefined || found === failed || !this.isFresh(found) ? undefined : found;
  }

  /** As `lookL2`, telling a failure from a miss; the record may be past its ttl, within its grace. */
  async tryL2(
    operation: CacheOperation,
    place: Place,
    key: string,
    plan: ReadPlan = this.parts.defaults,
  ): Promise<MemoryRecord | undefined | typeof failed> {
    if (this.parts.l2 === undefined) return undefined;
    try {
      const { found } = this.#reads.read(this.parts.l2, place, key, plan);
      return await found;
    } catch (error) {
      this.#tolerate(operation, error);
      return failed;
    }
  }

  /** The current value in either tier. Counts. A Redis failure is a miss, or thrown (`onError`). */
  async find(operation: CacheOperation, place: Place, key: string): Promise<Found | undefined> {
    const { l1, l2, counters, tags } = this.parts;
    let isAway = false;
    if (l1 !== undefined) {
      const id = place.id(key);
      // Who has waited for Redis once does not wait for it again.
      if (tags.stale) isAway = (await this.catchUpOnTags(operation, id)) === failed;
      const record = this.peek(id);
      if (record !== undefined) {
        counters.l1Hits++;
        return { record, tier: 'l1', isOwn: false };
      }
      counters.l1Misses++;
    }
    if (l2 !== undefined && !isAway) {
      try {
        const read = this.#reads.read(l2, place, key, this.parts.defaults);
        const record = await read.found;
        if (record !== undefined && this.isFresh(record)) {
          counters.l2Hits++;
          return { record, tier: 'l2', isOwn: !read.shared };
        }
      } catch (error) {
        this.#tolerate(operation, error);
      }
    }
    if (l2 !== undefined) counters.l2Misses++;
    counters.misses++;
    return undefined;
  }

  /** As `find`, for many keys with one command. */
  async findMany(place: Place, keys: readonly string[]): Promise<Map<string, Found>> {
    const { l1, l2, counters, tags } = this.parts;
    const found = new Map<string, Found>();
    const missing: string[] = [];
    const asked = l1 !== undefined && tags.stale ? await this.guarded('getMany', tags.learn()) : undefined;
    for (const key of new Set(keys)) {
      const record = l1 === undefined ? undefined : this.peek(place.id(key));
      if (record === undefined) missing.push(key);
      else found.set(key, { record, tier: 'l1', isOwn: false });
    }
    if (l1 !== undefined) {
      counters.l1Hits += found.size;
      counters.l1Misses += missing.length;
    }
    if (l2 === undefined || missing.length === 0) {
      counters.misses += missing.length;
      return found;
    }
    const { defaults } = this.parts;
    // Who has waited for Redis once does not wait for it again.
    const records =
      asked === failed
        ? failed
        : await this.guarded('getMany', this.#reads.readMany(l2, place, missing, defaults));
    const now = this.parts.clock.now();
    for (const [i, key] of missing.entries()) {
      const result = records === failed ? undefined : records[i];
      let record = result?.record;
      if (record instanceof Promise) record = await this.#awaited(record);
      if (record === undefined || now >= record.expiresAt) {
        counters.l2Misses++;
        counters.misses++;
      } else {
        counters.l2Hits++;
        found.set(key, { record, tier: 'l2', isOwn: result?.read.shared === false });
      }
    }
    return found;
  }

  /** Nobody but the monitor watches calls: no hook, no listener, no request that has them attributed to it. */
  get isSimplyWatched(): boolean {
    return !this.#hasHook && !activity.enabled && !this.parts.emitter.isUsed;
  }

  /** When a call began, where the monitor wants to know; 0 = it does not. */
  startTiming(): number {
    return this.#isIdle ? 0 : performance.now();
  }

  /**
   * What is set goes to the L1 alone, and nobody wants more of it than a value and a ttl. Of those that only a monitor watches one in so
   * many is timed: that one takes the long way.
   */
  get isPlainStore(): boolean {
    if (!this.#storesPlainly || activity.enabled || this.#closed || this.carriesTtl) return false;
    if (this.parts.emitter.isUsed) return false;
    if (this.#isIdle) return true;
    const { sampleEvery } = this.parts.observer;
    if (--this.#untilSetMeasured > 0) return true;
    this.#untilSetMeasured = sampleEvery;
    return false;
  }

  /** As `put`, where `isPlainStore`. */
  putPlain(id: string, record: MemoryRecord): void {
    const { l1, counters } = this.parts;
    if (this.flights.size > 0) this.flights.fence(id);
    this.backoff.succeeded(id);
    l1?.set(id, record);
    counters.sets++;
    counters.l1Sets++;
  }

  /** Stores a value that supersedes whatever is under way for the key. */
  async put(
    operation: CacheOperation,
    place: Place,
    key: string,
    kept: Snapshot,
    plan: StorePlan,
  ): Promise<void> {
    const id = place.id(key);
    this.fence(id);
    this.backoff.succeeded(id);
    const { l2, tags } = this.parts;
    if (l2 === undefined || plan.tiers === 'l1') {
      let epoch = tags.table.latest;
      // Its tags may be invalidated elsewhere all the same.
      if (l2 !== undefined && plan.tags.length > 0) {
        tags.meet();
        const learned = await this.guarded(operation, tags.learn(true));
        if (learned !== failed) epoch = learned.latest;
      }
      this.#storeL1(place, key, kept, plan, epoch);
      return;
    }
    const write: Fenceable = { fenced: false };
    this.#writes.start(id, write);
    try {
      await this.#storeNow(operation, l2, place, key, kept, plan, write);
    } finally {
      this.#writes.end(id, write);
    }
  }

  /** Stores a value that is from now in every tier, unless `work` is fenced before it gets there. */
  async #storeNow(
    operation: CacheOperation,
    l2: RedisTier,
    place: Place,
    key: string,
    kept: Snapshot,
    plan: StorePlan,
    work: Fenceable,
  ): Promise<void> {
    const { l1, counters, tags, recovery } = this.parts;
    let epoch = tags.table.latest;
    let redisFailed = false;
    // The first entry is stamped in Redis's time, too.
    if (!l2.clockKnown) redisFailed = (await this.guarded(operation, l2.synchronizeClock())) === failed;
    if (plan.tags.length > 0) {
      tags.meet();
      if (!redisFailed) {
        const learned = await this.guarded(operation, tags.learn(true));
        redisFailed = learned === failed;
        if (learned !== failed) epoch = learned.latest;
      }
    }
    const moment = recovery?.moment();
    const meta = entryMeta(l2.stamp(), plan, epoch);
    const redisKey = place.redisKey(key);
    const encoded = l2.codec.encode(kept.value, kept.json, meta, redisKey);
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    if (work.fenced || this.#closed) return;
    this.#storeL1(place, key, kept, plan, epoch);
    this.remember(redisKey, key, place);
    // What waited to reach Redis is out of date from this moment on.
    recovery?.journal.supersede(redisKey);
    let isLost = redisFailed;
    try {
      if (!redisFailed) {
        const fence = this.parts.loads?.fenceOf(redisKey) ?? '';
        if (await l2.write(redisKey, fence, bytes, redisTtl(plan), () => !work.fenced)) counters.l2Sets++;
      }
    } catch (error) {
      isLost = await this.#failedWrite(operation, l2, redisKey, error).catch((thrown: unknown) => {
        // The caller is told that it failed: then the L1 must not go on as if it had not.
        l1?.delete(place.id(key));
        throw thrown;
      });
    }
    this.coherence?.changed([redisKey]);
    // What came after it may have reached Redis: then this must not come after that.
    if (isLost && moment !== undefined && !isFenced(work)) recovery?.lostSet(moment, redisKey, bytes, meta);
  }

  /** What becomes of a write that Redis did not take: whether it is to be made up for. */
  async #failedWrite(
    operation: CacheOperation,
    l2: RedisTier,
    redisKey: string,
    error: unknown,
  ): Promise<boolean> {
    const kind = failureKind(error);
    if (kind !== 'oom' || this.parts.onError === 'throw') {
      this.#tolerate(operation, error);
      return kind !== 'permission';
    }
    // Redis is full: nothing can be added, but the value from before can leave. A miss is right, the old value is not.
    this.parts.counters.l2Errors++;
    // And it is read once more, so that the server tells of the next change to it.
    const removal = Promise.all([l2.delete([redisKey]), l2.read(redisKey)]);
    return (await this.guarded(operation, removal)) === failed;
  }

  /**
   * Stores a value that a loader made, unless the load was fenced: here, or, as Redis finds, anywhere else. A value that Redis cannot
   * take now lives in the L1 alone; it is not made up for, since nobody can say what happened to its key meanwhile.
   */
  async storeLoaded(
    place: Place,
    key: string,
    kept: Snapshot,
    plan: StorePlan,
    work: Fenceable,
    made: MadeUnder,
  ): Promise<void> {
    const { l1, l2, loads, tags, counters } = this.parts;
    if (work.fenced || this.#closed) {
      await this.endLoad(made.load);
      return;
    }
    let { epoch } = made;
    if (l2?.inService === true && plan.tags.length > 0) {
      tags.meet();
      // The table is made with the first entry that has tags: no tag had been invalidated until then.
      if (epoch === 0) {
        const learned = await this.guarded('getOrSet', tags.learn(true));
        if (learned === failed) return;
        if (learned.made) epoch = learned.latest;
      }
    }
    if (l2 === undefined || loads === undefined || made.load === undefined || plan.tiers === 'l1') {
      // A Redis that is in service and did not answer this once would not tell of changes to a key that it never heard of.
      const l1Only = l2 === undefined || plan.tiers === 'l1' || !l2.inService;
      if (!l1Only || (plan.tiers === 'l2' && l2 !== undefined)) return;
      if (l2?.inService === true && !(await this.#isStillValid(place, plan, epoch, work))) return;
      this.#storeL1(place, key, kept, plan, epoch);
      return;
    }
    const { load } = made;
    const encoded = l2.codec.encode(kept.value, kept.json, entryMeta(l2.stamp(), plan, epoch), load.redisKey);
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    if (work.fenced || this.#closed) {
      await this.endLoad(load);
      return;
    }
    this.remember(load.redisKey, key, place);
    const generation = this.#l1Generation;
    const ended = await this.guarded('getOrSet', this.#endWith(l2, loads, load, bytes, redisTtl(plan)));
    this.waiters.wake(load.redisKey);
    // Invalidated, or set by somebody else, since the loader began; or nobody knows whether.
    if (ended === false || (ended === failed && l2.inService) || work.fenced || this.#closed) return;
    if (ended === true) {
      counters.l2Sets++;
      this.coherence?.changed([load.redisKey]);
    }
    if (!(await this.#isStillValid(place, plan, epoch, work))) return;
    // Flushed meanwhile: what Redis was told before that moment it may not tell of.
    const isTracked = generation === this.#l1Generation;
    if (plan.tiers === 'both' && isTracked) {
      this.#storeL1(place, key, kept, plan, epoch);
    } else {
      counters.sets++;
      // The server does not tell of an own write: what stands here is from before it.
      l1?.delete(place.id(key));
    }
  }

  /** Whether no tag of a value made at `epoch` was invalidated since, here or elsewhere. */
  async #isStillValid(place: Place, plan: StorePlan, epoch: number, work: Fenceable): Promise<boolean> {
    const { tags } = this.parts;
    if (plan.tags.length === 0) return true;
    // Without a channel that tells of it, an invalidation of a tag elsewhere has to be asked about.
    const news = tags.newsForRead();
    if (news !== undefined && (await this.guarded('getOrSet', news)) === failed) return false;
    return tags.table.isValid(place.coveringTags(plan.tags), epoch) && !isFenced(work);
  }

  /** Gives back the lease of a load that stores nothing. */
  async endLoad(load: RedisLoad | undefined): Promise<void> {
    const { loads } = this.parts;
    if (load === undefined || !load.leased || load.ended || loads === undefined) return;
    await loads.end(load, undefined, 0).catch(ignore);
    this.coherence?.changed([loads.fenceOf(load.redisKey)]);
    // Nor of the end of an own lease.
    this.waiters.wake(load.redisKey);
  }

  /** Ends an entry's ttl; true if it was there. */
  async expire(place: Place, key: string): Promise<boolean> {
    const { l1, l2, loads, clock, recovery } = this.parts;
    const id = place.id(key);
    const moment = recovery?.moment();
    const redisKey = place.redisKey(key);
    const record = await this.look('expire', place, key);
    // A load under way brings a value from before this, whether there is an entry or not.
    this.fence(id);
    if (record === undefined) {
      if (l2 !== undefined && loads !== undefined)
        await this.guarded('expire', l2.delete([loads.fenceOf(redisKey)]));
      return false;
    }
    if (record.staleUntil === record.expiresAt || record.staleUntil === Infinity) {
      await this.remove('expire', place, [key]);
      return true;
    }
    l1?.set(id, expired(record, clock.now()));
    if (l2 === undefined || loads === undefined) return true;
    const done = await this.#attempt('expire', this.#expireL2(l2, loads, redisKey));
    // Without its grace then, but never again as if it were fresh.
    if (done === failed && moment !== undefined) recovery?.lostDelete(moment, redisKey);
    return true;
  }

  /** Deletes keys; returns how many existed. */
  async remove(operation: CacheOperation, place: Place, keys: readonly string[]): Promise<number> {
    const { l1, l2, counters, emitter } = this.parts;
    const unique = [...new Set(keys)];
    const inL1 = new Set<string>();
    for (const key of unique) {
      const id = place.id(key);
      this.fence(id);
      if (this.peek(id) !== undefined) inL1.add(key);
      if (l1?.delete(id) === true) counters.l1Deletes++;
      if (emitter.has('delete')) emitter.emit('delete', { key });
    }
    counters.deletes += unique.length;
    if (l2 === undefined || unique.length === 0) return inL1.size;
    const deleted = await this.#removeL2(operation, l2, place, unique);
    if (typeof deleted !== 'number') return inL1.size;
    counters.l2Deletes += deleted;
    return Math.max(deleted, inL1.size);
  }

  /** Deletes from the L2, now or once it is back. */
  async #removeL2(
    operation: CacheOperation,
    l2: RedisTier,
    place: Place,
    keys: readonly string[],
  ): Promise<number | typeof failed | typeof refused> {
    const { recovery } = this.parts;
    const moment = recovery?.moment();
    const redisKeys = keys.map((key) => place.redisKey(key));
    for (const redisKey of redisKeys) recovery?.journal.supersede(redisKey);
    const works = keys.map((key) => {
      const work: Fenceable = { fenced: false };
      this.#writes.start(place.id(key), work);
      return work;
    });
    try {
      const deleted = await this.#attempt(operation, this.#unlink(l2, redisKeys));
      this.coherence?.changed(redisKeys);
      if (deleted === failed && moment !== undefined) {
        redisKeys.forEach((redisKey, i) => {
          // What came after it may have reached Redis: then this must not come after that.
          if (works[i]?.fenced === false) recovery?.lostDelete(moment, redisKey);
        });
      }
      return deleted;
    } finally {
      keys.forEach((key, i) => {
        this.#writes.end(place.id(key), works[i] as Fenceable);
      });
    }
  }

  async invalidateTags(place: Place, names: readonly string[]): Promise<void> {
    const { l2, emitter, clock, tags, recovery } = this.parts;
    const scoped = names.map((tag) => place.scopedTag(tag));
    for (const [id, flight] of this.flights.entries()) {
      if (flight.tags.some((tag) => scoped.includes(tag))) this.flights.fence(id);
    }
    if (l2 === undefined) {
      tags.table.invalidate(scoped, Math.floor(clock.now() * 1000));
    } else {
      tags.meet();
      const moment = recovery?.moment();
      // Hidden at once; from which epoch on they count again, Redis decides.
      tags.table.suspend(scoped);
      let told: unknown = failed;
      try {
        told = await this.#attempt('invalidateTags', tags.learn(true, scoped));
        this.coherence?.changed([tagTableKey(this.parts.keyPrefix)]);
      } finally {
        if (told === failed || told === refused) {
          tags.table.invalidate(scoped, Math.floor(l2.now() * 1000));
          if (told === failed && moment !== undefined)
            for (const tag of scoped) recovery?.lostTag(moment, tag);
        }
      }
    }
    emitter.emit('invalidate', { kind: 'tags', detail: names });
  }

  /** Deletes what `matchesId` says here and what `matching` says in Redis; returns how many existed. */
  async removeMatching(
    operation: 'invalidatePattern' | 'clear',
    matchesId: (id: string) => boolean,
    matching: Matching,
  ): Promise<number> {
    const { l2, counters, recovery, keyPrefix } = this.parts;
    const fromL1 = this.#dropL1(matchesId);
    let fromL2 = 0;
    if (l2 !== undefined) {
      const moment = recovery?.moment();
      recovery?.journal.supersedeWhere(matching.matches);
      const removal = removeMatchingFromRedis(l2, keyPrefix, matching, async (redisKeys) => {
        const deleted = await l2.delete(redisKeys);
        this.coherence?.changed(redisKeys);
        fromL2 += deleted;
        counters.l2Deletes += deleted;
      });
      const removed = await this.#attempt(operation, removal);
      if (removed === failed && moment !== undefined) recovery?.lostMatch(moment, matching);
      // Reads that began during the scan may have brought what the scan had not reached yet.
      this.#dropL1(matchesId);
    }
    const total = Math.max(fromL2, fromL1);
    counters.deletes += total;
    return total;
  }

  /** What is under way for this key is stored nowhere. */
  fence(id: string): void {
    this.#reads.underWay.fence(id);
    this.#writes.fence(id);
    this.flights.fence(id);
  }

  /** Somebody else changed the entry: what is here, or on its way here, is from before. */
  onForeignChange(redisKey: string): void {
    const { keyPrefix } = this.parts;
    const fenced = fencedKey(keyPrefix, redisKey);
    if (fenced !== undefined) {
      this.waiters.wake(fenced);
      const loaded = this.#aliases.get(fenced) ?? idOf(keyPrefix, fenced);
      if (loaded !== undefined) this.flights.get(loaded)?.recheck?.();
      return;
    }
    this.waiters.wake(redisKey);
    const id = this.#aliases.get(redisKey) ?? idOf(keyPrefix, redisKey);
    if (id === undefined) return;
    this.#reads.underWay.fence(id);
    this.flights.fence(id);
    this.parts.l1?.delete(id);
  }

  /** Forgets what the L1 holds, and what is on its way there: it may have missed changes. */
  flushL1(): void {
    this.#l1Generation++;
    this.#reads.underWay.fenceWhere(always);
    this.parts.l1?.clear();
  }

  /** `work`, or `failed` when Redis fails and errors degrade. Counts and tells of the failure. */
  async guarded<T>(operation: CacheOperation, work: Promise<T>): Promise<T | typeof failed> {
    try {
      return await work;
    } catch (error) {
      this.#tolerate(operation, error);
      return failed;
    }
  }

  /** Counts and tells of a failure of Redis, and throws it where the cache is to (`onError`). */
  #tolerate(operation: CacheOperation, error: unknown): void {
    const { counters, emitter, onError } = this.parts;
    counters.l2Errors++;
    emitter.emit('error', { operation, error: error as Error });
    if (onError === 'throw') throw error;
  }

  /** A read of a `getMany` that somebody else had begun, or that took longer to decode. */
  async #awaited(record: Promise<MemoryRecord | undefined>): Promise<MemoryRecord | undefined> {
    const found = await this.guarded('getMany', record);
    return found === failed ? undefined : found;
  }

  /** As `guarded`, for a change: one that Redis will never take need not be made up for. */
  async #attempt<T>(
    operation: CacheOperation,
    work: Promise<T>,
  ): Promise<T | typeof failed | typeof refused> {
    let isRefused = false;
    const noted = work.catch((error: unknown) => {
      isRefused = failureKind(error) === 'permission';
      throw error;
    });
    const result = await this.guarded(operation, noted);
    return result === failed && isRefused ? refused : result;
  }

  /** Somebody emptied the server. */
  onForeignFlush(): void {
    this.waiters.wakeAll();
    this.#fenceWhere(always);
    this.parts.l1?.clear();
  }

  /** Has `work` done when the cache is closed. */
  onClose(work: () => void): void {
    this.#closing.push(work);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fenceWhere(always);
    this.waiters.wakeAll();
    for (const work of this.#closing) work();
    this.parts.l1?.close();
    this.parts.l2?.close();
    this.parts.emitter.clear();
  }

  get closed(): boolean {
    return this.#closed;
  }

  #storeL1(place: Place, key: string, kept: Snapshot, plan: StorePlan, epoch: number): void {
    const { l1, clock, counters, emitter } = this.parts;
    counters.sets++;
    if (l1 !== undefined) {
      const id = place.id(key);
      const now = clock.now();
      // A read that began before this write may bring the value from before it.
      this.#reads.underWay.fence(id);
      if (plan.tiers === 'l2') {
        l1.delete(id);
      } else {
        const made = newRecord(place, kept.value, plan, epoch, now, this.carriesTtl);
        l1.set(id, withL1Ttl(made, plan.ttlMs, plan.l1TtlMs, now));
        counters.l1Sets++;
      }
    }
    if (emitter.has('set')) emitter.emit('set', { key });
  }

  /** A digested Redis key does not tell the key behind it, when the server says that it changed. */
  remember(redisKey: string, key: string, place: Place): void {
    const { l1 } = this.parts;
    if (l1 === undefined) return;
    const at = redisKey.length - key.length - 1;
    if (redisKey.endsWith(key) && redisKey[at] === ':') return;
    this.#aliases.set(redisKey, place.id(key));
    if (this.#aliases.size <= this.#maxAliases) return;
    for (const [alias, id] of this.#aliases) {
      // What is on its way to the L1 will have to be found there.
      const isWanted = alias === redisKey || l1.has(id) || this.#isUnderWay(id);
      if (!isWanted) this.#aliases.delete(alias);
    }
    this.#maxAliases = 2 * Math.max(l1.maxSize, this.#aliases.size) + 100;
  }

  #isUnderWay(id: string): boolean {
    return [this.#reads.underWay, this.#writes, this.flights].some((work) => work.get(id) !== undefined);
  }

  /** Deletes entries, after the fences of loads under way for them: what those store afterwards is refused. */
  async #unlink(l2: RedisTier, redisKeys: readonly string[]): Promise<number> {
    const { loads } = this.parts;
    const fences = loads === undefined ? [] : redisKeys.map((redisKey) => loads.fenceOf(redisKey));
    const [, deleted] = await Promise.all([l2.delete(fences), l2.delete(redisKeys)]);
    return deleted;
  }

  /** In a full Redis a load's end stores nothing, and need not: the key had no current value. */
  async #endWith(
    l2: RedisTier,
    loads: RedisLoads,
    load: RedisLoad,
    bytes: Buffer,
    ttlMs: number,
  ): Promise<boolean | 'refused'> {
    try {
      return await loads.end(load, bytes, ttlMs);
    } catch (error) {
      if (failureKind(error) !== 'oom' || this.parts.onError === 'throw') throw error;
      this.parts.counters.l2Errors++;
      await l2.delete([load.redisKey]);
      return 'refused';
    }
  }

  async #expireL2(l2: RedisTier, loads: RedisLoads, redisKey: string): Promise<void> {
    const load = await loads.begin(redisKey, false);
    if (load.seen === null) return;
    const entry = await l2.decode(redisKey, load.seen);
    if (entry === undefined || entry.meta.graceMs === 0) return;
    const { value, meta } = entry;
    const { json } = keep(value, 'clone');
    // Ended long ago by everybody's clock, with the grace that is left from now on; and another version, so that a load
    // under way elsewhere is refused.
    const agedMs = Math.max(0, Math.floor(l2.now()) - meta.stamp);
    const ended = {
      ...meta,
      ttlMs: 1,
      graceMs: agedMs + meta.graceMs,
      nonce: Math.floor(Math.random() * 2 ** 32),
    };
    const bytes = await l2.codec.encode(value, json, ended, redisKey);
    await loads.end(load, bytes, meta.graceMs);
  }

  /** Within its ttl, and not invalidated. */
  isCurrent(record: MemoryRecord): boolean {
    return this.parts.clock.now() < record.expiresAt && this.#tagsValid(record);
  }

  #tagsValid({ detail }: MemoryRecord): boolean {
    const { table } = this.parts.tags;
    if (detail === undefined || detail.checkedVersion === table.version) return true;
    if (!table.isValid(detail.tags, detail.tagEpoch)) return false;
    // While Redis has not been asked, the entry counts as current only for this once.
    if (!this.parts.tags.stale) detail.checkedVersion = table.version;
    return true;
  }

  /** Drops what matches from the L1 and from what is on its way there; returns how many entries were current. */
  #dropL1(matches: (id: string) => boolean): number {
    const { l1, counters } = this.parts;
    this.#fenceWhere(matches);
    let current = 0;
    const dropped = l1?.deleteWhere((id, entry) => {
      if (!matches(id)) return false;
      if (this.isCurrent(entry)) current++;
      return true;
    });
    counters.l1Deletes += dropped ?? 0;
    return current;
  }

  #fenceWhere(matches: (id: string) => boolean): void {
    this.#reads.underWay.fenceWhere(matches);
    this.#writes.fenceWhere(matches);
    this.flights.fenceWhere(matches);
  }
}

function hasTags({ detail }: MemoryRecord): boolean {
  return detail !== undefined && detail.tags.length > 0;
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
function isFenced(work: Fenceable): boolean {
  return work.fenced;
}

function always(): boolean {
  return true;
}

function ignore(): void {
  // Whoever needs the outcome awaits it elsewhere.
}
