import type { Clock } from '../../base/clock.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import { removeMatching } from '../../tiers/redis/remove-matching.js';
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
import type { Supersedable } from './in-flight.js';
import type { CacheOperation } from '../contract/monitor.js';
import { tagTableKey, tagTableMark } from '../../tiers/redis/tag-channel.js';
import type { Keyspace } from '../entry/keyspace.js';
import { withTtlEnded } from '../entry/l1-entries.js';
import type { Matching } from '../entry/matching.js';
import type { PullResult, TagSync } from './tag-sync.js';

/** Keys to delete from Redis. */
interface Removal {
  readonly operation: CacheOperation;
  readonly keyspace: Keyspace;
  readonly keys: readonly string[];
  /** It is not asked, and made up for as what it failed to do. */
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
  readonly errors: ErrorPolicy;
  readonly entries: LocalEntries;
  readonly values: ValueLimits;
  readonly work: InFlightWork;
  readonly coherence: Coherence;
  /** The fresh entry in either tier. */
  readonly look: (operation: CacheOperation, keyspace: Keyspace, key: string) => Promise<L1Entry | undefined>;
}

/** What ends the life of entries: by key, by tag, by pattern, and the end of a ttl before its time. */
export class Removals {
  readonly #deps: RemovalsDeps;

  constructor(deps: RemovalsDeps) {
    this.#deps = deps;
  }

  /** Deletes keys, in portions; returns how many existed. */
  async remove(operation: CacheOperation, keyspace: Keyspace, keys: readonly string[]): Promise<number> {
    // A single portion goes out at once.
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
        // Redis failed already in this call: the rest of it does not wait for it again.
        isRedisFailed = removed === failed;
        existed += typeof removed === 'number' ? Math.max(removed, inL1) : inL1;
      } catch (error) {
        // The caller is told that it failed. Whatever Redis holds, nothing of it is served from here.
        this.#dropFromL1(keyspace, unique.slice(i + portionSize));
        throw error;
      }
      if (i + portionSize < unique.length && turn.isOver) await turn.next();
    }
    return existed;
  }

  /** Deletes keys from the L1 and from what is on its way there; returns how many were there. */
  #dropFromL1(keyspace: Keyspace, keys: readonly string[]): number {
    const { l1, counters, emitter } = this.#deps;
    let existed = 0;
    for (const key of keys) {
      const id = keyspace.id(key);
      this.#deps.work.supersede(id);
      if (this.#deps.entries.fresh(id) !== undefined) existed++;
      if (l1?.delete(id) === true) counters.l1Deletes++;
      if (emitter.has('delete')) emitter.emit('delete', { key });
    }
    counters.deletes += keys.length;
    return existed;
  }

  /** Deletes from the L2, now or once it is back; returns how many existed. */
  async #removeL2(removal: Removal): Promise<number | typeof failed | typeof refused> {
    const { operation, keyspace, keys, isRedisFailed } = removal;
    const { l2, recovery, counters } = this.#deps;
    if (l2 === undefined) return 0;
    const moment = recovery?.moment();
    const redisKeys = keys.map((key) => keyspace.redisKey(key));
    for (const redisKey of redisKeys) recovery?.journal.supersede(redisKey);
    const works = keys.map((key) => {
      const work: Supersedable = { superseded: false };
      this.#deps.work.writes.start(keyspace.id(key), work);
      return work;
    });
    try {
      const deleted = isRedisFailed
        ? failed
        : await this.#deps.errors.attempt(operation, removeFrom(l2, redisKeys, { leavesTombstones: true }));
      if (typeof deleted === 'number') counters.l2Deletes += deleted;
      this.#deps.coherence.announce(redisKeys);
      if (deleted === failed && moment !== undefined) {
        redisKeys.forEach((redisKey, i) => {
          // What came after it may have reached Redis: then this must not come after that.
          if (works[i]?.superseded === false) recovery?.recordDelete(moment, redisKey);
        });
      }
      return deleted;
    } finally {
      keys.forEach((key, i) => {
        this.#deps.work.writes.end(keyspace.id(key), works[i] as Supersedable);
      });
    }
  }

  async invalidateTags(keyspace: Keyspace, names: readonly string[]): Promise<void> {
    const { l2, emitter, clock, tags, recovery, work } = this.#deps;
    const scoped = names.map((tag) => keyspace.scopedTag(tag));
    work.supersedeTagged(scoped, tags.table.latest);
    if (l2 === undefined) {
      tags.table.invalidate(scoped, Math.floor(clock.now() * 1000));
    } else {
      tags.tagsInUse();
      const moment = recovery?.moment();
      // Hidden at once; from which epoch on they count again, Redis decides.
      tags.table.suspend(scoped);
      let told: PullResult | typeof failed | typeof refused = failed;
      try {
        told = await this.#deps.errors.attempt('invalidateTags', this.#tellTags(scoped));
        if (told !== failed && told !== refused) this.#tellOfTable(told.latest);
      } finally {
        if (told === failed || told === refused) {
          tags.table.invalidate(scoped, Math.floor(l2.clock.now() * 1000));
          if (told === failed && moment !== undefined)
            for (const tag of scoped) recovery?.recordTag(moment, tag);
        }
      }
    }
    emitter.emit('invalidate', { kind: 'tags', detail: names });
  }

  /** As many tags in one command as Redis invalidates in a millisecond or so. */
  async #tellTags(scoped: readonly string[]): Promise<PullResult> {
    const { tags } = this.#deps;
    let learned = await tags.invalidate(scoped.slice(0, portionSize));
    for (let i = portionSize; i < scoped.length; i += portionSize)
      learned = await tags.invalidate(scoped.slice(i, i + portionSize));
    return learned;
  }

  #tellOfTable(epoch: number): void {
    const tableKey = tagTableKey(this.#deps.keyPrefix);
    this.#deps.coherence.announce([tableKey, tagTableMark(tableKey, epoch)]);
  }

  /** Deletes what `matchesId` says here and what `matching` says in Redis; returns how many existed. */
  async removeMatching(
    operation: 'invalidatePattern' | 'clear',
    matchesId: (id: string) => boolean,
    matching: Matching,
  ): Promise<number> {
    const { l2, counters, recovery, keyPrefix, work } = this.#deps;
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
          counters.l2Deletes += deleted;
        });
        exempt = scan.exemptIds;
        const outcome = await this.#deps.errors.attempt(operation, removal);
        if (outcome === failed && moment !== undefined) recovery?.recordMatch(moment, matching);
      });
      // Reads that began during the scan may have filled the L1 with entries that the scan had not reached yet.
      this.#dropL1((id) => !exempt.has(id) && matchesId(id));
    }
    const total = Math.max(fromL2, fromL1);
    counters.deletes += total;
    return total;
  }

  /** Ends an entry's ttl; true if it was there. What is called for the key later wins. */
  async expire(keyspace: Keyspace, key: string): Promise<boolean> {
    const { l2, guards } = this.#deps;
    const id = keyspace.id(key);
    // What is read or loaded now is from before this, whether there is an entry or not.
    this.#deps.work.supersedeForExpiry(id);
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
    const record = this.#deps.entries.fresh(id);
    if (record === undefined) return false;
    if (hasGrace(record)) l1?.set(id, withTtlEnded(record, clock.now()));
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
    // A set that was called before this is what this is about.
    await this.#deps.work.writes.get(id)?.done?.catch(ignore);
    const record = await this.#deps.look('expire', keyspace, key);
    if (work.superseded) return record !== undefined;
    if (record === undefined) {
      await this.#deps.errors.guarded('expire', l2.delete([guards.guardKeyOf(redisKey)]));
      return false;
    }
    if (!hasGrace(record)) {
      await this.remove('expire', keyspace, [key]);
      return true;
    }
    const ended = withTtlEnded(record, clock.now());
    l1?.set(id, ended);
    const done = await this.#deps.errors.attempt('expire', this.#expireL2(l2, guards, redisKey));
    if (work.superseded) return true;
    if (done === failed || done === refused) {
      // Without its grace then, but never again as if it were fresh.
      if (done === failed && moment !== undefined) recovery?.recordDelete(moment, redisKey);
      return true;
    }
    this.#deps.coherence.announce([redisKey]);
    // What was read meanwhile is from before this.
    this.#deps.work.l1Written(id);
    if (done) l1?.set(id, ended);
    else l1?.delete(id);
    return true;
  }

  /** False: something newer stands there. */
  async #expireL2(l2: RemoteTier, guards: LoadGuards, redisKey: string): Promise<boolean> {
    const load = await guards.begin(redisKey, false);
    if (load.previous === null) return true;
    const entry = await l2.decode(redisKey, load.previous);
    if (entry === undefined || entry.meta.graceMs === 0) return false;
    const { meta } = entry;
    const { types, maxNodes } = this.#deps.values;
    const taken = snapshot(wholeOf(entry.value), { classes: 'refuse', types, maxNodes });
    // Ended long ago by everybody's clock, with the grace that is left from now on; and another version, so that a load
    // under way elsewhere is refused.
    const agedMs = Math.max(0, Math.floor(l2.clock.now()) - meta.stamp);
    const ended = {
      ...meta,
      ttlMs: 1,
      graceMs: agedMs + meta.graceMs,
      nonce: Math.floor(Math.random() * 2 ** 32),
    };
    const bytes = await l2.codec.encode(taken, ended, redisKey);
    return guards.end(load, bytes, meta.graceMs);
  }

  /** Drops what matches from the L1 and from what is on its way there; returns how many entries were current. */
  #dropL1(matches: (id: string) => boolean): number {
    const { l1, counters } = this.#deps;
    this.#deps.work.supersedeWhere(matches);
    let current = 0;
    const dropped = l1?.deleteWhere(matches, (entry) => {
      if (this.#deps.entries.stateOf(entry) === 'fresh') current++;
    });
    counters.l1Deletes += dropped ?? 0;
    return current;
  }
}

/** Removes entries; returns how many existed. `leavesTombstones`: no older set is replayed after it. */
async function removeFrom(
  l2: RemoteTier,
  redisKeys: readonly string[],
  options: { leavesTombstones: boolean },
): Promise<number> {
  const existed = await l2.remove(redisKeys, options);
  return existed.filter(Boolean).length;
}

function hasGrace({ staleUntil, expiresAt }: L1Entry): boolean {
  return staleUntil !== expiresAt && staleUntil !== Infinity;
}

function ignore(): void {
  // The set tells its own caller.
}
