import type { RedisLoads } from '../tiers/redis-loads.js';
import type { RedisTier } from '../tiers/redis-tier.js';
import { wholeOf } from '../codec/graph.js';
import { snapshot } from '../codec/snapshot.js';
import type { CacheCore } from './core.js';
import { failed, refused } from './failed.js';
import type { Fenceable } from './in-flight.js';
import { removeMatchingFromRedis } from './matching-removal.js';
import type { CacheOperation } from './monitor.js';
import { tagTableKey, type Place } from './place.js';
import { expired } from './records.js';
import type { Matching } from './recovery-journal.js';

/** What ends the life of entries: by key, by tag, by pattern, and the end of a ttl before its time. */
export class Removals {
  readonly #core: CacheCore;

  constructor(core: CacheCore) {
    this.#core = core;
  }

  /** Deletes keys; returns how many existed. */
  async remove(operation: CacheOperation, place: Place, keys: readonly string[]): Promise<number> {
    const { l1, l2, counters, emitter } = this.#core.parts;
    const unique = [...new Set(keys)];
    const inL1 = new Set<string>();
    for (const key of unique) {
      const id = place.id(key);
      this.#core.fence(id);
      if (this.#core.peek(id) !== undefined) inL1.add(key);
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
    const { recovery } = this.#core.parts;
    const moment = recovery?.moment();
    const redisKeys = keys.map((key) => place.redisKey(key));
    for (const redisKey of redisKeys) recovery?.journal.supersede(redisKey);
    const works = keys.map((key) => {
      const work: Fenceable = { fenced: false };
      this.#core.writesUnderWay.start(place.id(key), work);
      return work;
    });
    try {
      const deleted = await this.#core.attempt(operation, removeFrom(l2, redisKeys, { forGood: true }));
      this.#core.changed(redisKeys);
      if (deleted === failed && moment !== undefined) {
        redisKeys.forEach((redisKey, i) => {
          // What came after it may have reached Redis: then this must not come after that.
          if (works[i]?.fenced === false) recovery?.lostDelete(moment, redisKey);
        });
      }
      return deleted;
    } finally {
      keys.forEach((key, i) => {
        this.#core.writesUnderWay.end(place.id(key), works[i] as Fenceable);
      });
    }
  }

  async invalidateTags(place: Place, names: readonly string[]): Promise<void> {
    const { l2, emitter, clock, tags, recovery } = this.#core.parts;
    const scoped = names.map((tag) => place.scopedTag(tag));
    for (const [id, flight] of this.#core.flights.entries()) {
      if (flight.tags.some((tag) => scoped.includes(tag))) this.#core.flights.fence(id);
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
        told = await this.#core.attempt('invalidateTags', tags.learn(true, scoped));
        this.#core.changed([tagTableKey(this.#core.parts.keyPrefix)]);
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
    const { l2, counters, recovery, keyPrefix } = this.#core.parts;
    const fromL1 = this.#dropL1(matchesId);
    let fromL2 = 0;
    if (l2 !== undefined) {
      const moment = recovery?.moment();
      if (moment !== undefined) recovery?.journal.supersedeWhere(matching.matches, moment.order);
      const removal = removeMatchingFromRedis(l2, keyPrefix, matching, async (redisKeys) => {
        const deleted = await removeFrom(l2, redisKeys, { forGood: false });
        this.#core.changed(redisKeys);
        fromL2 += deleted;
        counters.l2Deletes += deleted;
      });
      const removed = await this.#core.attempt(operation, removal);
      if (removed === failed && moment !== undefined) recovery?.lostMatch(moment, matching);
      // Reads that began during the scan may have brought what the scan had not reached yet.
      this.#dropL1(matchesId);
    }
    const total = Math.max(fromL2, fromL1);
    counters.deletes += total;
    return total;
  }

  /** Ends an entry's ttl; true if it was there. */
  async expire(place: Place, key: string): Promise<boolean> {
    const { l1, l2, loads, clock, recovery } = this.#core.parts;
    const id = place.id(key);
    const moment = recovery?.moment();
    const redisKey = place.redisKey(key);
    const record = await this.#core.look('expire', place, key);
    // A load under way brings a value from before this, whether there is an entry or not.
    this.#core.fence(id);
    if (record === undefined) {
      if (l2 !== undefined && loads !== undefined)
        await this.#core.guarded('expire', l2.delete([loads.fenceOf(redisKey)]));
      return false;
    }
    if (record.staleUntil === record.expiresAt || record.staleUntil === Infinity) {
      await this.remove('expire', place, [key]);
      return true;
    }
    l1?.set(id, expired(record, clock.now()));
    if (l2 === undefined || loads === undefined) return true;
    const done = await this.#core.attempt('expire', this.#expireL2(l2, loads, redisKey));
    // Without its grace then, but never again as if it were fresh.
    if (done === failed && moment !== undefined) recovery?.lostDelete(moment, redisKey);
    return true;
  }

  async #expireL2(l2: RedisTier, loads: RedisLoads, redisKey: string): Promise<void> {
    const load = await loads.begin(redisKey, false);
    if (load.seen === null) return;
    const entry = await l2.decode(redisKey, load.seen);
    if (entry === undefined || entry.meta.graceMs === 0) return;
    const { meta } = entry;
    const { types, maxNodes } = this.#core.parts.values;
    const taken = snapshot(wholeOf(entry.value), { classes: 'refuse', types, maxNodes });
    // Ended long ago by everybody's clock, with the grace that is left from now on; and another version, so that a load
    // under way elsewhere is refused.
    const agedMs = Math.max(0, Math.floor(l2.now()) - meta.stamp);
    const ended = {
      ...meta,
      ttlMs: 1,
      graceMs: agedMs + meta.graceMs,
      nonce: Math.floor(Math.random() * 2 ** 32),
    };
    const bytes = await l2.codec.encode(taken, ended, redisKey);
    await loads.end(load, bytes, meta.graceMs);
  }

  /** Drops what matches from the L1 and from what is on its way there; returns how many entries were current. */
  #dropL1(matches: (id: string) => boolean): number {
    const { l1, counters } = this.#core.parts;
    this.#core.fenceWhere(matches);
    let current = 0;
    const dropped = l1?.deleteWhere(matches, (entry) => {
      if (this.#core.isCurrent(entry)) current++;
    });
    counters.l1Deletes += dropped ?? 0;
    return current;
  }
}

/** Removes entries; returns how many existed. `forGood`: no older set is replayed after it. */
async function removeFrom(
  l2: RedisTier,
  redisKeys: readonly string[],
  options: { forGood: boolean },
): Promise<number> {
  const existed = await l2.remove(redisKeys, options);
  return existed.filter(Boolean).length;
}
