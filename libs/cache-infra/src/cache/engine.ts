import type { Clock } from '../base/clock.js';
import type { EntryMeta } from '../codec/codec.js';
import { CacheClosedError } from '../base/errors.js';
import { guardedKey } from '../tiers/redis/load-guard-key.js';
import type { L1Entry } from '../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../tiers/memory/memory-tier.js';
import { failureKind } from '../tiers/redis/errors.js';
import type { LoadGuards } from '../tiers/redis/load-guards.js';
import type { RedisTier } from '../tiers/redis/redis-tier.js';
import type { TrackingMember } from '../tiers/coherence/shared-tracking.js';
import { portionSize } from '../base/turn.js';
import { activity } from './observe/activity.js';
import { Backoff } from './load/backoff.js';
import { BulkCall } from './invalidate/bulk-call.js';
import { CallTimers } from './load/call-timers.js';
import type { Counters } from './observe/counters.js';
import { runSafely, type CacheEmitter } from './observe/emitter.js';
import { DeadEntries } from './read/dead-entries.js';
import { failed, refused } from './recover/failed.js';
import type { SingleFlight } from './load/single-flight.js';
import { InFlight, type Supersedable, type TaggedWork } from './invalidate/in-flight.js';
import type { CacheMonitor, CacheOperation } from './contract/monitor.js';
import type { Observer } from './observe/observer.js';
import type { Isolation, OnError } from './contract/options.js';
import { idOf, type Keyspace } from './entry/keyspace.js';
import { refreshTime, undecided, withRefresh } from './entry/l1-entries.js';
import type { Recovery } from './recover/recovery.js';
import type { CacheStats } from './contract/stats.js';
import type { PlanDefaults, StorePlan } from './entry/store-plan.js';
import { refusalListener, type Refusals } from './observe/refusals.js';
import { Removals } from './invalidate/removals.js';
import type { TagSync } from './invalidate/tag-sync.js';
import { TierReads, type BulkResult, type ReadPlan } from './read/reads.js';
import { TierWrites } from './write/writes.js';
import type { ValueLimits } from './entry/value-rules.js';
import { KeySignals } from './load/key-signals.js';
import { WriteStreak } from './write/write-streak.js';

/** What a cache is made of, resolved once. */
export interface EngineParts {
  readonly name: string;
  readonly keyPrefix: string;
  readonly defaultTtl: number;
  /** For calls that name nothing else. */
  readonly defaults: PlanDefaults;
  /** First pause after a failed loader whose last value is served, milliseconds. */
  readonly graceBackoffMs: number;
  readonly maxSize: number;
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  readonly onError: OnError;
  readonly clock: Clock;
  readonly monitor: CacheMonitor | undefined;
  readonly observer: Observer;
  readonly emitter: CacheEmitter;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly tags: TagSync;
  readonly l1: MemoryTier | undefined;
  readonly l2: RedisTier | undefined;
  /** Protects loads across instances. */
  readonly loads: LoadGuards | undefined;
  /** What becomes of changes that do not reach the L2; undefined = they are lost. */
  readonly recovery: Recovery | undefined;
}

/** A value found, and where. */
export interface LookupResult {
  readonly record: L1Entry;
  readonly tier: 'l1' | 'l2';
  /** Nobody else holds the value. */
  readonly isOwn: boolean;
}

/** A write or a delete on its way to the L2. */
export interface WriteInFlight extends TaggedWork {
  /** Settles when it has got there, or failed. */
  done?: Promise<unknown> | undefined;
}

/** A removal of all that matches, while Redis is scanned: what is set after its call stays. */
export interface ScanRemoval {
  readonly exemptIds: Set<string>;
  readonly exemptRedisKeys: Set<string>;
}

const noJournal = { size: 0, bytes: 0, recorded: 0, replayed: 0, dropped: 0, expired: 0, superseded: 0 };

/**
 * The engine: one for a cache and all its namespaces, whether there is an L1, an L2, both or neither. Knows which
 * values are current, and sees to it that what an invalidation covers is stored nowhere after it.
 */
export class Engine {
  readonly parts: EngineParts;
  readonly flights = new InFlight<SingleFlight>();
  readonly keySignals = new KeySignals();
  readonly backoff: Backoff;
  /** Of refreshes whose value could not be stored. */
  readonly refreshBackoff: Backoff;
  readonly timers = new CallTimers();
  /** Plain L1 hits until one takes the measured path. */
  untilMeasured: number;
  readonly reads = new TierReads(this);
  readonly writes = new TierWrites(this);
  readonly removals = new Removals(this);
  /** Writes and deletes on their way to the L2. */
  readonly writesInFlight = new InFlight<WriteInFlight>();
  readonly #deadEntries: DeadEntries | undefined;
  /** Calls for many keys. */
  readonly bulks = new Set<BulkCall>();
  /** Removals of all that matches something. */
  readonly scanRemovals = new Set<ScanRemoval>();
  /** Entries whose ttl is being ended. */
  readonly expiriesInFlight = new InFlight<Supersedable>();
  readonly #aliases = new Map<string, string>();
  #maxAliases = 100;
  readonly #closing: (() => void)[] = [];
  readonly #ending = new Set<Promise<unknown>>();
  /** How the L1 hears of changes made by others; undefined = it does not. */
  coherence: TrackingMember | undefined;
  /** Whether Redis takes what is written. */
  readonly writeStreak = new WriteStreak();
  /** Tells of a change the caches on the same client whose channel is not this one's. */
  neighbours: ((redisKeys: readonly string[]) => void) | undefined;
  /** Somebody asked for refreshes ahead of time. */
  carriesTtl = false;
  /** There may be ids in the L1 that are not root keys: a namespace's, or made of a key that looks like one. */
  hasMarkedIds = false;
  readonly onMarkedId = (): void => {
    this.hasMarkedIds = true;
  };
  /** Changes whenever the L1 is emptied because it may have missed changes. */
  l1Generation = 0;
  readonly #isIdle: boolean;
  readonly #hasHook: boolean;
  readonly #storesPlainly: boolean;
  #untilSetMeasured = 1;
  #closed = false;

  constructor(parts: EngineParts) {
    this.parts = parts;
    this.untilMeasured = parts.observer.sampleEvery;
    // A load or write that is under way replaces the entry, and a removal would only get in its way.
    const isIdle = (id: string): boolean =>
      this.flights.get(id) === undefined && this.writesInFlight.get(id) === undefined;
    this.#deadEntries = parts.l2 && new DeadEntries(parts.l2, isIdle);
    this.backoff = new Backoff(parts.graceBackoffMs);
    this.refreshBackoff = new Backoff(parts.graceBackoffMs);
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
  peek(id: string): L1Entry | undefined {
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
  peekStale(id: string): L1Entry | undefined {
    const record = this.parts.l1?.get(id);
    return record !== undefined && !this.isFresh(record) && this.isServable(record) ? record : undefined;
  }

  /** Neither invalidated nor beyond its grace. */
  isServable(record: L1Entry): boolean {
    return this.parts.clock.now() < record.staleUntil && this.#tagsValid(record);
  }

  /** As `isServable`, after learning what happened to its tags elsewhere. */
  async isStillServable(record: L1Entry): Promise<boolean> {
    if (hasTags(record)) {
      const news = this.parts.tags.pullForRead();
      if (news !== undefined) await this.guarded('getOrSet', news);
    }
    return this.isServable(record);
  }

  /** From now on entries in memory carry the ttl they were given: by it is decided when they are refreshed. */
  carryTtl(): void {
    this.carriesTtl = true;
  }

  /** True when a hit has to refresh the value; until the refresh has ended, other hits need not. */
  isRefreshDue(id: string, record: L1Entry, plan: StorePlan): boolean {
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

  isFresh(record: L1Entry): boolean {
    return this.parts.clock.now() < record.expiresAt;
  }

  /** Learns what happened to tags elsewhere, where that may matter to the L1's record; `failed` when Redis does not say. */
  async catchUpOnTags(operation: CacheOperation, id: string): Promise<undefined | typeof failed> {
    const { l1, tags } = this.parts;
    if (!tags.stale) return undefined;
    const record = l1?.get(id);
    if (record === undefined || !hasTags(record)) return undefined;
    return (await this.guarded(operation, tags.pull())) === failed ? failed : undefined;
  }

  /** The current record in either tier; counts nothing. */
  async look(operation: CacheOperation, keyspace: Keyspace, key: string): Promise<L1Entry | undefined> {
    const id = keyspace.id(key);
    const asked = await this.catchUpOnTags(operation, id);
    const record = this.peek(id);
    // Who has waited for Redis once does not wait for it again.
    return record ?? (asked === failed ? undefined : this.lookL2(operation, keyspace, key));
  }

  /** The current record in the L2; counts nothing. */
  async lookL2(operation: CacheOperation, keyspace: Keyspace, key: string): Promise<L1Entry | undefined> {
    const found = await this.tryL2(operation, keyspace, key);
    return found === undefined || found === failed || !this.isFresh(found) ? undefined : found;
  }

  /** As `lookL2`, telling a failure from a miss; the record may be past its ttl, within its grace. */
  async tryL2(
    operation: CacheOperation,
    keyspace: Keyspace,
    key: string,
    plan: ReadPlan = this.parts.defaults,
  ): Promise<L1Entry | undefined | typeof failed> {
    if (this.parts.l2 === undefined) return undefined;
    try {
      const { found } = this.reads.read(this.parts.l2, keyspace, key, plan);
      return await found;
    } catch (error) {
      this.tolerate(operation, error);
      return failed;
    }
  }

  /** The current value in either tier. Counts. A Redis failure is a miss, or thrown (`onError`). */
  async find(operation: CacheOperation, keyspace: Keyspace, key: string): Promise<LookupResult | undefined> {
    const { l1, l2, counters, tags } = this.parts;
    let isAway = false;
    if (l1 !== undefined) {
      const id = keyspace.id(key);
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
        const read = this.reads.read(l2, keyspace, key, this.parts.defaults);
        const record = await read.found;
        if (record !== undefined && this.isFresh(record)) {
          counters.l2Hits++;
          return { record, tier: 'l2', isOwn: !read.shared };
        }
      } catch (error) {
        this.tolerate(operation, error);
      }
    }
    if (l2 !== undefined) counters.l2Misses++;
    counters.misses++;
    return undefined;
  }

  /** As `find`, for many keys with one command: in their order. No key may be there twice. */
  async findMany(
    keyspace: Keyspace,
    keys: readonly string[],
  ): Promise<readonly (LookupResult | undefined)[]> {
    const { l1, l2, counters, tags } = this.parts;
    const found = new Array<LookupResult | undefined>(keys.length);
    const missing: string[] = [];
    const indexes: number[] = [];
    const asked = l1 !== undefined && tags.stale ? await this.guarded('getMany', tags.pull()) : undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const record = l1 === undefined ? undefined : this.peek(keyspace.id(key));
      if (record !== undefined) {
        found[i] = { record, tier: 'l1', isOwn: false };
      } else {
        missing.push(key);
        indexes.push(i);
      }
    }
    if (l1 !== undefined) {
      counters.l1Hits += keys.length - missing.length;
      counters.l1Misses += missing.length;
    }
    if (l2 === undefined || missing.length === 0) {
      counters.misses += missing.length;
      return found;
    }
    // Who has waited for Redis once does not wait for it again.
    if (asked === failed) return this.#missedAll(missing.length, found);
    for (let i = 0; i < missing.length; i += portionSize) {
      const keys = missing.length <= portionSize ? missing : missing.slice(i, i + portionSize);
      const reading = this.reads.readMany(l2, keyspace, keys, this.parts.defaults);
      const results = await this.guarded('getMany', reading);
      if (results === failed) return this.#missedAll(missing.length - i, found);
      await this.#noteFound(results, indexes, i, found);
    }
    return found;
  }

  /** Counts what a part of a read of many found, and puts it in its places: `indexes` from `from` on. */
  async #noteFound(
    results: readonly BulkResult[],
    indexes: readonly number[],
    from: number,
    found: (LookupResult | undefined)[],
  ): Promise<void> {
    const { counters, clock } = this.parts;
    const now = clock.now();
    for (let n = 0; n < results.length; n++) {
      const result = results[n] as BulkResult;
      let { record } = result;
      if (record instanceof Promise) record = await this.#awaited(record);
      if (record === undefined || now >= record.expiresAt) {
        counters.l2Misses++;
        counters.misses++;
      } else {
        counters.l2Hits++;
        found[indexes[from + n] as number] = { record, tier: 'l2', isOwn: !result.read.shared };
      }
    }
  }

  #missedAll<T>(count: number, found: T): T {
    this.parts.counters.l2Misses += count;
    this.parts.counters.misses += count;
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

  /** What is under way for this key is stored nowhere. */
  supersede(id: string): void {
    this.reads.inFlight.supersede(id);
    this.writesInFlight.supersede(id);
    this.flights.supersede(id);
    this.expiriesInFlight.supersede(id);
    for (const bulk of this.bulks) bulk.supersede(id);
  }

  /** Runs a call for many keys: what is called meanwhile for one of them wins. */
  async inBulk<T>(work: (bulk: BulkCall) => Promise<T>): Promise<T> {
    const bulk = new BulkCall();
    this.bulks.add(bulk);
    try {
      return await work(bulk);
    } finally {
      this.bulks.delete(bulk);
    }
  }

  /** A value is set: what is being removed by a pattern was there before. `redisKey`: undefined = it does not go to Redis. */
  exempt(id: string, redisKey: string | undefined): void {
    for (const { exemptIds: sparedIds, exemptRedisKeys: sparedRedisKeys } of this.scanRemovals) {
      sparedIds.add(id);
      if (redisKey !== undefined) sparedRedisKeys.add(redisKey);
    }
  }

  /** An entry was read from Redis and is of no more use to anybody. */
  foundDead(id: string, redisKey: string, { stamp, nonce }: EntryMeta): void {
    const { loads } = this.parts;
    if (loads === undefined || this.#closed) return;
    this.#deadEntries?.add(id, { redisKey, guard: loads.guardKeyOf(redisKey), stamp, nonce });
  }

  /** `tags`, as the tag table names them, are being invalidated: what is under way with one of them is from before. */
  supersedeTagged(tags: readonly string[]): void {
    const invalidated = new Set(tags);
    const isHit = (work: TaggedWork): boolean => work.tags?.some((tag) => invalidated.has(tag)) === true;
    for (const [id, flight] of this.flights.entries()) if (isHit(flight)) this.flights.supersede(id);
    // A write goes on: it replaces what stands there, by an entry that is invalid.
    const { latest } = this.parts.tags.table;
    for (const [, write] of this.writesInFlight.entries()) {
      if (isHit(write)) write.latestEpoch = Math.min(write.latestEpoch ?? Infinity, latest);
    }
  }

  /** Somebody else changed the entry: what is here, or on its way here, is from before. */
  onRemoteChange(redisKey: string): void {
    const { keyPrefix } = this.parts;
    const superseded = guardedKey(keyPrefix, redisKey);
    if (superseded !== undefined) {
      this.keySignals.send(superseded);
      const loaded = this.#aliases.get(superseded) ?? idOf(keyPrefix, superseded);
      if (loaded !== undefined) this.flights.get(loaded)?.recheck?.();
      return;
    }
    this.keySignals.send(redisKey);
    const id = this.#aliases.get(redisKey) ?? idOf(keyPrefix, redisKey);
    if (id === undefined) return;
    this.reads.inFlight.supersede(id);
    this.parts.l1?.delete(id);
    const flight = this.flights.get(id);
    // A load that Redis knows of asks Redis whether it is concerned: an entry that expires is told of as well.
    if (flight?.onEntryChanged !== undefined) flight.onEntryChanged();
    else this.flights.supersede(id);
  }

  /** This cache has changed keys in Redis. */
  changed(redisKeys: readonly string[]): void {
    this.coherence?.changed(redisKeys);
    if (this.coherence?.reachesNeighbours !== true) this.neighbours?.(redisKeys);
  }

  /** Forgets what the L1 holds, and what is on its way there: it may have missed changes. */
  flushL1(): void {
    this.l1Generation++;
    this.reads.inFlight.supersedeWhere(always);
    this.parts.l1?.clear();
  }

  /** `work`, or `failed` when Redis fails and errors degrade. Counts and tells of the failure. */
  async guarded<T>(operation: CacheOperation, work: Promise<T>): Promise<T | typeof failed> {
    try {
      return await work;
    } catch (error) {
      this.tolerate(operation, error);
      return failed;
    }
  }

  /** Counts and tells of a failure of Redis, and throws it where the cache is to (`onError`). */
  tolerate(operation: CacheOperation, error: unknown): void {
    const { counters, emitter, onError } = this.parts;
    counters.l2Errors++;
    emitter.emit('error', { operation, error: error as Error });
    if (onError === 'throw') throw error;
  }

  /** Tells that the value of a loader could not be stored. */
  refuse(error: Error, key: string, context: object): void {
    const { refusals, emitter } = this.parts;
    emitter.emit('error', { operation: 'getOrSet', error });
    const listener = refusalListener(context);
    if (listener === undefined) refusals.tell(error, key);
    else
      runSafely(() => {
        listener(error);
      });
  }

  /** A read of a `getMany` that somebody else had begun, or that took longer to decode. */
  async #awaited(record: Promise<L1Entry | undefined>): Promise<L1Entry | undefined> {
    const found = await this.guarded('getMany', record);
    return found === failed ? undefined : found;
  }

  /** As `guarded`, for a change: one that Redis will never take need not be made up for. */
  async attempt<T>(operation: CacheOperation, work: Promise<T>): Promise<T | typeof failed | typeof refused> {
    let isRefused = false;
    const noted = work.catch((error: unknown) => {
      isRefused = failureKind(error) === 'permission';
      throw error;
    });
    const result = await this.guarded(operation, noted);
    return result === failed && isRefused ? refused : result;
  }

  /** Somebody emptied the server. */
  onRemoteFlush(): void {
    this.keySignals.sendAll();
    // Not what is being written: it may come after the flush, and what does not get there has to be made up for.
    this.reads.inFlight.supersedeWhere(always);
    this.flights.supersedeWhere(always);
    this.parts.l1?.clear();
  }

  /** Has `work` done when the cache is closed. */
  onClose(work: () => void): void {
    this.#closing.push(work);
  }

  /** Has `close` wait for `work`, which Redis bounds. */
  untilEnded(work: Promise<unknown>): void {
    const ended = work.catch(ignore).finally(() => {
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }

  /** Callers of a loader that runs still get what it makes; it is stored nowhere. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const reason = new CacheClosedError(this.parts.name);
    this.timers.close();
    for (const [, flight] of [...this.flights.entries()]) flight.close(reason);
    this.supersedeWhere(always);
    this.keySignals.sendAll();
    // Others wait for the leases that are being given back.
    if (this.#ending.size > 0) await Promise.all(this.#ending);
    for (const work of this.#closing) work();
    this.parts.l1?.close();
    this.parts.l2?.close();
    this.parts.emitter.clear();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A digested Redis key does not tell the key behind it, when the server says that it changed. */
  remember(redisKey: string, key: string, keyspace: Keyspace): void {
    const { l1 } = this.parts;
    if (l1 === undefined) return;
    const at = redisKey.length - key.length - 1;
    if (redisKey.endsWith(key) && redisKey[at] === ':') return;
    this.#aliases.set(redisKey, keyspace.id(key));
    if (this.#aliases.size <= this.#maxAliases) return;
    for (const [alias, id] of this.#aliases) {
      // What is on its way to the L1 will have to be found there.
      const isWanted = alias === redisKey || l1.has(id) || this.#isUnderWay(id);
      if (!isWanted) this.#aliases.delete(alias);
    }
    this.#maxAliases = 2 * Math.max(l1.maxSize, this.#aliases.size) + 100;
  }

  #isUnderWay(id: string): boolean {
    return [this.reads.inFlight, this.writesInFlight, this.flights].some(
      (work) => work.get(id) !== undefined,
    );
  }

  /** Within its ttl, and not invalidated. */
  isCurrent(record: L1Entry): boolean {
    return this.parts.clock.now() < record.expiresAt && this.#tagsValid(record);
  }

  #tagsValid({ detail }: L1Entry): boolean {
    const { table } = this.parts.tags;
    if (detail === undefined || detail.checkedVersion === table.version) return true;
    if (!table.isValid(detail.tags, detail.tagEpoch)) return false;
    // While Redis has not been asked, the entry counts as current only for this once.
    if (!this.parts.tags.stale) detail.checkedVersion = table.version;
    return true;
  }

  supersedeWhere(matches: (id: string) => boolean): void {
    this.reads.inFlight.supersedeWhere(matches);
    this.writesInFlight.supersedeWhere(matches);
    this.flights.supersedeWhere(matches);
    this.expiriesInFlight.supersedeWhere(matches);
    for (const bulk of this.bulks) bulk.supersedeWhere(matches);
  }
}

function hasTags({ detail }: L1Entry): boolean {
  return detail !== undefined && detail.tags.length > 0;
}

function always(): boolean {
  return true;
}

function ignore(): void {
  // What could not be told to Redis ends by itself.
}
