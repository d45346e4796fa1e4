import { formatOf } from '../../codec/entry-head.js';
import type { Clock } from '../../base/clock.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import { wholeOf } from '../../values/graph.js';
import { snapshot } from '../../values/snapshot.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkCall } from './bulk-call.js';
import { failed, refused, type ErrorPolicy } from '../recover/error-policy.js';
import type { Recovery } from '../recover/recovery.js';
import type { Coherence } from './coherence.js';
import type { InFlightWork } from './in-flight-work.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { ValueLimits } from '../entry/value-rules.js';
import type { Counters } from '../observe/counters.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { Observer } from '../observe/observer.js';
import type { Supersedable } from './in-flight.js';
import type { RecentRemovals } from './recent-removals.js';
import { removeMatching } from '../../tiers/redis/remove-matching.js';
import type { CacheOperation } from '../contract/monitor.js';
import { tagTableKey, tagTableMark } from '../../tiers/redis/tag-channel.js';
import { hasGrace } from '../entry/freshness.js';
import type { Keyspace } from '../entry/keyspace.js';
import { withTtlEnded } from '../entry/l1-entries.js';
import type { Matching } from '../entry/matching.js';
import { expiredName } from '../entry/tag-table.js';
import type { PullResult, TagSync } from './tag-sync.js';

/** A portion of keys to delete from Redis. */
interface Removal {
  readonly operation: CacheOperation;
  readonly keyspace: Keyspace;
  readonly keys: readonly string[];
  /** Redis already failed in this call: journal the deletes without sending them. */
  readonly isRedisFailed: boolean;
}

export interface RemovalsDeps {
  readonly keyPrefix: string;
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly guards: LoadGuards | undefined;
  readonly clock: Clock;
  readonly tags: TagSync;
  readonly recovery: Recovery | undefined;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
  readonly observer: Pick<Observer, 'invalidated'>;
  readonly errors: ErrorPolicy;
  readonly entries: LocalEntries;
  readonly values: ValueLimits;
  readonly work: InFlightWork;
  readonly coherence: Coherence;
  /** undefined = removals are not recorded. */
  readonly recent: RecentRemovals | undefined;
  /** Looks up the fresh entry in either tier. */
  readonly look: (operation: CacheOperation, keyspace: Keyspace, key: string) => Promise<L1Entry | undefined>;
}

/**
 * Removes entries by key, by tag and by pattern, and ends ttls early.
 *
 * A removal by key, tag or pattern begins with the L1 and the work in flight, synchronously, so that a later call of
 * this process never sees the older value. Redis follows. A removal that does not reach Redis is journalled, unless
 * Redis refuses it permanently; a superseded one is not, since the later change may have reached Redis already.
 */
export class Removals {
  readonly #deps: RemovalsDeps;

  constructor(deps: RemovalsDeps) {
    this.#deps = deps;
  }

  /** Deletes keys, in portions; returns how many existed. */
  async remove(operation: CacheOperation, keyspace: Keyspace, keys: readonly string[]): Promise<number> {
    // A single portion takes one turn of the event loop: no later call can supersede a part of it.
    if (keys.length <= portionSize) return this.#removeMany(undefined, operation, keyspace, keys);
    return this.#deps.work.inBulk((bulk) => this.#removeMany(bulk, operation, keyspace, keys));
  }

  async #removeMany(
    bulk: BulkCall | undefined,
    operation: CacheOperation,
    keyspace: Keyspace,
    keys: readonly string[],
  ): Promise<number> {
    const unique = [...new Set(keys)];
    const turn = new Turn();
    let isRedisFailed = false;
    let existed = 0;
    for (let i = 0; i < unique.length; i += portionSize) {
      const next = unique.slice(i, i + portionSize);
      const portion = bulk === undefined ? next : next.filter((key) => !bulk.isSuperseded(keyspace.id(key)));
      const inL1 = this.#dropFromL1(keyspace, portion);
      try {
        const removed = await this.#removeL2({ operation, keyspace, keys: portion, isRedisFailed });
        // Redis already failed in this call: don't pay for a second time-out.
        isRedisFailed = removed === failed;
        existed += typeof removed === 'number' ? Math.max(removed, inL1) : inL1;
      } catch (error) {
        // The call rejects. Whatever Redis still holds, the L1 serves none of these keys.
        this.#dropFromL1(keyspace, unique.slice(i + portionSize));
        throw error;
      }
      if (i + portionSize < unique.length && turn.isOver) await turn.next();
    }
    return existed;
  }

  /** Deletes keys from the L1 and supersedes their work in flight; returns how many were fresh. */
  #dropFromL1(keyspace: Keyspace, keys: readonly string[]): number {
    const { l1, counters, emitter } = this.#deps;
    let existed = 0;
    for (const key of keys) {
      const id = keyspace.id(key);
      this.#deps.work.supersede(id);
      this.#deps.recent?.key(id);
      if (this.#deps.entries.fresh(id) !== undefined) existed++;
      if (l1?.delete(id) === true) counters.deletedL1();
      if (emitter.has('delete')) emitter.emit('delete', { key });
    }
    counters.deleted(keys.length);
    return existed;
  }

  /** Deletes keys from the L2, or journals the deletes; returns how many existed. */
  async #removeL2(removal: Removal): Promise<number | typeof failed | typeof refused> {
    const { operation, keyspace, keys, isRedisFailed } = removal;
    const { l2, recovery, counters } = this.#deps;
    if (l2 === undefined) return 0;
    const moment = recovery?.moment();
    const redisKeys = keys.map((key) => keyspace.redisKey(key));
    for (const redisKey of redisKeys) recovery?.journal.supersede(redisKey);
    const deletes = keys.map((key) => {
      const write: Supersedable = { superseded: false };
      this.#deps.work.writes.start(keyspace.id(key), write);
      return write;
    });
    try {
      const deleted = isRedisFailed
        ? failed
        : await this.#deps.errors.attempt(operation, removeFrom(l2, redisKeys, { leavesTombstones: true }));
      if (typeof deleted === 'number') counters.deletedL2(deleted);
      this.#deps.coherence.announce(redisKeys);
      if (deleted === failed && moment !== undefined) {
        redisKeys.forEach((redisKey, i) => {
          // A superseded delete is not journalled: the later change may have reached Redis.
          if (deletes[i]?.superseded === false) recovery?.recordDelete(moment, redisKey);
        });
      }
      return deleted;
    } finally {
      keys.forEach((key, i) => {
        this.#deps.work.writes.end(keyspace.id(key), deletes[i] as Supersedable);
      });
    }
  }

  async invalidateTags(keyspace: Keyspace, names: readonly string[]): Promise<void> {
    const { emitter, tags, work } = this.#deps;
    const scoped = names.map((tag) => keyspace.scopedTag(tag));
    work.supersedeTagged(scoped, tags.table.latest);
    const recording = this.#record('invalidateTags', scoped);
    if (recording !== undefined) await recording;
    emitter.emit('invalidate', { kind: 'tags', detail: names, namespace: keyspace.path });
    this.#deps.observer.invalidated('invalidateTags', names);
  }

  /**
   * Ends the ttl of all entries with these tags. Nothing in flight is superseded: the value of a load that began before
   * is stored, and is stale.
   */
  async expireTags(keyspace: Keyspace, names: readonly string[]): Promise<void> {
    const scoped = names.map((tag) => expiredName(keyspace.scopedTag(tag)));
    const recording = this.#record('expireTags', scoped);
    if (recording !== undefined) await recording;
    this.#deps.emitter.emit('invalidate', { kind: 'expireTags', detail: names, namespace: keyspace.path });
    this.#deps.observer.invalidated('expireTags', names);
  }

  /** Records names in the tag table, here and in Redis. A promise where Redis is told. */
  #record(operation: 'invalidateTags' | 'expireTags', scoped: readonly string[]): Promise<void> | undefined {
    const { l2, clock, tags } = this.#deps;
    if (l2 !== undefined) return this.#recordInBoth(l2, operation, scoped);
    tags.table.invalidate(scoped, Math.floor(clock.now() * 1000));
    return undefined;
  }

  async #recordInBoth(
    l2: RemoteTier,
    operation: 'invalidateTags' | 'expireTags',
    scoped: readonly string[],
  ): Promise<void> {
    const { tags, recovery, errors } = this.#deps;
    tags.tagsInUse();
    const moment = recovery?.moment();
    // Entries with these tags are dead at once, or stale. Redis decides the epoch from which new ones are valid.
    tags.table.suspend(scoped);
    let outcome: PullResult | typeof failed | typeof refused = failed;
    try {
      outcome = await errors.attempt(operation, this.#invalidateInRedis(scoped));
      if (outcome !== failed && outcome !== refused) this.#announceTable(outcome.latest);
    } finally {
      if (outcome === failed || outcome === refused) {
        tags.table.invalidate(scoped, Math.floor(l2.clock.now() * 1000));
        if (outcome === failed && moment !== undefined)
          for (const tag of scoped) recovery?.recordTag(moment, tag);
      }
    }
  }

  /** Invalidates tags in portions: Redis serves no other command during one. */
  async #invalidateInRedis(scoped: readonly string[]): Promise<PullResult> {
    const { tags } = this.#deps;
    let result = await tags.invalidate(scoped.slice(0, portionSize));
    for (let i = portionSize; i < scoped.length; i += portionSize)
      result = await tags.invalidate(scoped.slice(i, i + portionSize));
    return result;
  }

  /** Announces the change of the tag table to other caches on this client. */
  #announceTable(epoch: number): void {
    const tableKey = tagTableKey(this.#deps.keyPrefix);
    this.#deps.coherence.announce([tableKey, tagTableMark(tableKey, epoch)]);
  }

  /** Deletes the ids that `matchesId` accepts and the Redis keys that `matching` accepts; returns how many existed. */
  async removeMatching(
    operation: 'invalidatePattern' | 'clear',
    matchesId: (id: string) => boolean,
    matching: Matching,
  ): Promise<number> {
    const { l2, counters, recovery, keyPrefix, work } = this.#deps;
    this.#deps.recent?.where(matchesId);
    const fromL1 = this.#dropL1(matchesId);
    let fromL2 = 0;
    let exempt: ReadonlySet<string> = new Set();
    if (l2 !== undefined) {
      await work.inScan(async (scan) => {
        const moment = recovery?.moment();
        if (moment !== undefined) recovery?.journal.supersedeWhere(matching.matches, moment.order);
        const { mark, globs, matches } = matching;
        const clearing = { clears: [{ mark }], globs, matches };
        const removal = removeMatching(l2, keyPrefix, clearing, async (found) => {
          const redisKeys = found.filter((redisKey) => !scan.exemptRedisKeys.has(redisKey));
          if (redisKeys.length === 0) return;
          const deleted = await removeFrom(l2, redisKeys, { leavesTombstones: false });
          this.#deps.coherence.announce(redisKeys);
          fromL2 += deleted;
          counters.deletedL2(deleted);
        });
        exempt = scan.exemptIds;
        const outcome = await this.#deps.errors.attempt(operation, removal);
        if (outcome === failed && moment !== undefined) recovery?.recordMatch(moment, matching);
      });
      // Reads that began during the scan may have filled the L1 with entries that the scan had not reached yet.
      this.#dropL1((id) => !exempt.has(id) && matchesId(id));
    }
    const total = Math.max(fromL2, fromL1);
    counters.deleted(total);
    return total;
  }

  /** Ends an entry's ttl; true if it existed. A later call for the key wins. */
  async expire(keyspace: Keyspace, key: string): Promise<boolean> {
    const { l2, guards } = this.#deps;
    const id = keyspace.id(key);
    this.#deps.work.supersedeForExpiry(id);
    this.#deps.recent?.key(id);
    if (l2 === undefined || guards === undefined) return this.#expireL1(keyspace, key, id);
    const work: Supersedable = { superseded: false };
    this.#deps.work.expiries.start(id, work);
    try {
      return await this.#expireBoth(l2, guards, keyspace, key, work);
    } finally {
      this.#deps.work.expiries.end(id, work);
    }
  }

  async #expireL1(keyspace: Keyspace, key: string, id: string): Promise<boolean> {
    const { l1, clock } = this.#deps;
    const entry = this.#deps.entries.fresh(id);
    if (entry === undefined) return false;
    if (hasGrace(entry)) l1?.set(id, withTtlEnded(entry, clock.now()));
    else await this.remove('expire', keyspace, [key]);
    return true;
  }

  async #expireBoth(
    l2: RemoteTier,
    guards: LoadGuards,
    keyspace: Keyspace,
    key: string,
    work: Supersedable,
  ): Promise<boolean> {
    const { l1, clock, recovery } = this.#deps;
    const id = keyspace.id(key);
    const redisKey = keyspace.redisKey(key);
    const moment = recovery?.moment();
    // A set in flight was called before this expiry: the expiry applies to its entry.
    await this.#deps.work.writes.get(id)?.done?.catch(ignore);
    const entry = await this.#deps.look('expire', keyspace, key);
    if (work.superseded) return entry !== undefined;
    if (entry === undefined) {
      // A load under way has an older value.
      await this.#deps.errors.guarded('expire', l2.remove([redisKey], { leavesTombstones: true }));
      return false;
    }
    if (!hasGrace(entry)) {
      await this.remove('expire', keyspace, [key]);
      return true;
    }
    const ended = withTtlEnded(entry, clock.now());
    l1?.set(id, ended);
    const done = await this.#deps.errors.attempt('expire', this.#expireL2(l2, guards, redisKey));
    if (work.superseded) return true;
    if (done === failed || done === refused) {
      // Redis still holds the entry as fresh: delete it on replay. That costs its grace.
      if (done === failed && moment !== undefined) recovery?.recordDelete(moment, redisKey);
      return true;
    }
    this.#deps.coherence.announce([redisKey]);
    // A read in flight may bring the entry with its ttl running.
    this.#deps.work.l1Written(id);
    if (done) l1?.set(id, ended);
    else l1?.delete(id);
    return true;
  }

  /** Ends the entry's ttl in Redis. False = Redis holds a newer entry. */
  async #expireL2(l2: RemoteTier, guards: LoadGuards, redisKey: string): Promise<boolean> {
    const guard = await guards.begin(redisKey, false);
    if (guard.previous === null) return true;
    const entry = await l2.decode(redisKey, guard.previous);
    if (entry === undefined || entry.meta.graceMs === 0) return false;
    const { meta } = entry;
    const { types, maxNodes } = this.#deps.values;
    const copy = snapshot(wholeOf(entry.value), { classes: 'refuse', types, maxNodes });
    // A ttl of 1 ms from the entry's own stamp is over by every instance's clock; the grace begins now. The new nonce
    // makes it another version, so that Redis refuses the value of a load that began with the older one.
    const agedMs = Math.max(0, Math.floor(l2.clock.now()) - meta.stamp);
    const ended = {
      ...meta,
      ttlMs: 1,
      graceMs: agedMs + meta.graceMs,
      nonce: Math.floor(Math.random() * 2 ** 32),
    };
    const bytes = await l2.codec.encode(copy, ended, redisKey, formatOf(guard.previous));
    return guards.end(guard, bytes, meta.graceMs);
  }

  /** Deletes matching entries from the L1 and supersedes matching work in flight; returns how many were fresh. */
  #dropL1(matches: (id: string) => boolean): number {
    const { l1, counters } = this.#deps;
    this.#deps.work.supersedeWhere(matches);
    let fresh = 0;
    const dropped = l1?.deleteWhere(matches, (entry) => {
      if (this.#deps.entries.stateOf(entry) === 'fresh') fresh++;
    });
    counters.deletedL1(dropped ?? 0);
    return fresh;
  }
}

/** Removes entries; returns how many existed. `leavesTombstones`: leave tombstones against replays of older sets. */
async function removeFrom(
  l2: RemoteTier,
  redisKeys: readonly string[],
  options: { leavesTombstones: boolean },
): Promise<number> {
  const existed = await l2.remove(redisKeys, options);
  return existed.filter(Boolean).length;
}

function ignore(): void {
  // The caller of the set gets its failure.
}
