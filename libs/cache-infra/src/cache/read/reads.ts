import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import { pinShape } from '../../base/pin-shape.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { BaselineRequest, RemoteTier, StoredEntry } from '../../tiers/remote-tier.js';
import type { InFlight, Supersedable } from '../invalidate/in-flight.js';
import { copyInDecoded } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { otherVersion } from '../entry/entry-version.js';
import { hasGrace } from '../entry/freshness.js';
import { decodedEntry, withL1Ttl, withTtlOver } from '../entry/l1-entries.js';
import type { PlanDefaults, StorePlan } from '../entry/store-plan.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { Isolation } from '../contract/options.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import type { Recovery } from '../recover/recovery.js';
import type { DeadEntries } from './dead-entries.js';

/** The options of a call that matter for a read of the L2. */
export type ReadPlan = Partial<Pick<StorePlan, 'tiers'>> & Pick<StorePlan, 'l1TtlMs'>;

/** A read of the L2 in flight. Calls for the same key share it. */
export interface TierRead extends Supersedable {
  /** The fresh or stale entry; undefined = a miss. */
  readonly found: Promise<L1Entry | undefined>;
  /** A caller wants the entry in the L1. */
  fillsL1: boolean;
  /** Several callers or the L1 hold the value: each caller needs a copy. */
  shared: boolean;
}

export interface TierReadsDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly clock: Clock;
  readonly tags: TagSync;
  readonly recovery: Recovery | undefined;
  readonly counters: Counters;
  readonly lifecycle: Lifecycle;
  readonly entries: LocalEntries;
  readonly aliases: KeyAliases;
  readonly deadEntries: DeadEntries | undefined;
  readonly inFlight: InFlight<TierRead>;
  readonly isolation: Isolation;
  readonly defaults: PlanDefaults;
}

/** The result of a bulk read for one key. */
export interface BulkResult {
  readonly entry: MaybeEntry | Promise<MaybeEntry>;
  readonly read: Pick<TierRead, 'shared'>;
}

type MaybeEntry = L1Entry | undefined;
type Stored = StoredEntry | undefined;

/**
 * Reads of the L2 that fill the L1. Concurrent calls for a key share one read.
 *
 * A read goes through four steps: the reply from Redis, or the journalled change of the key; a pull of tag
 * invalidations alongside, if the entry has tags; the check of its tags; the L1. A delete, set, pattern or clear of the
 * key supersedes the read: its callers get the entry, the L1 does not. Dead entries count as misses and are removed
 * from Redis in the background.
 */
export class TierReads {
  readonly #deps: TierReadsDeps;

  constructor(deps: TierReadsDeps) {
    this.#deps = deps;
  }

  /** Reads one key, or joins the read in flight for it. A joined read does not answer `baseline`. */
  read(
    l2: RemoteTier,
    keyspace: Keyspace,
    key: string,
    plan: ReadPlan,
    baseline?: BaselineRequest,
  ): TierRead {
    const id = keyspace.id(key);
    const inFlight = this.#deps.inFlight.get(id);
    if (inFlight !== undefined) return joined(inFlight, plan);
    const redisKey = keyspace.redisKey(key);
    this.#deps.aliases.remember(redisKey, key, keyspace);
    const { tags, recovery } = this.#deps;
    const pull = tags.pullForRead();
    pull?.catch(ignore);
    const journalled = recovery?.journal.pending(redisKey);
    let reading: Promise<Stored>;
    if (journalled === undefined) reading = inRedisTime(l2, l2.read(redisKey, baseline));
    else
      reading = Promise.resolve(
        journalled.kind === 'set' ? l2.decode(redisKey, journalled.bytes) : undefined,
      );
    const read = new Read(plan);
    const settle = (stored: Stored): MaybeEntry | Promise<MaybeEntry> =>
      this.#settle(keyspace, key, id, redisKey, stored, pull, read, plan.l1TtlMs);
    const fail = (error: unknown): never => {
      this.#deps.inFlight.end(id, read);
      throw error;
    };
    read.found = reading.then(settle, fail);
    this.#deps.inFlight.start(id, read);
    return read;
  }

  /**
   * Reads many keys with one command. The results have the order of `keys`. `baselines`: what loads compare, in that
   * order; the baseline of a joined read is not answered.
   */
  async readMany(
    l2: RemoteTier,
    keyspace: Keyspace,
    keys: readonly string[],
    plan: ReadPlan,
    baselines?: readonly (BaselineRequest | undefined)[],
  ): Promise<BulkResult[]> {
    const { l1, tags, recovery } = this.#deps;
    const results = new Array<BulkResult>(keys.length);
    const toRead: number[] = [];
    const redisKeys: string[] = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const redisKey = keyspace.redisKey(key);
      if (
        this.#deps.inFlight.get(keyspace.id(key)) !== undefined ||
        recovery?.journal.pending(redisKey) !== undefined
      ) {
        const read = this.read(l2, keyspace, key, plan);
        read.found.catch(ignore);
        results[i] = { entry: read.found, read };
      } else {
        toRead.push(i);
        redisKeys.push(redisKey);
      }
    }
    if (toRead.length === 0) return results;
    const asked = baselines && toRead.map((i) => baselines[i]);
    const pull = tags.pullForRead();
    pull?.catch(ignore);
    if (l1 === undefined) {
      const stored = await inRedisTime(l2, l2.readMany(redisKeys, asked));
      this.#settleUnshared(keyspace, keys, toRead, stored, pull, results);
      return results;
    }
    const reads: BulkRead[] = [];
    const reply = inRedisTime(l2, l2.readMany(redisKeys, asked)).then(
      (stored) => {
        this.#settleShared(keyspace, redisKeys, stored, reads, pull, plan.l1TtlMs);
        for (let n = 0; n < reads.length; n++) results[toRead[n] as number] = reads[n] as BulkRead;
        return results;
      },
      (error: unknown) => {
        for (const read of reads) this.#deps.inFlight.end(read.id, read);
        throw error;
      },
    );
    for (let n = 0; n < toRead.length; n++) {
      const i = toRead[n] as number;
      const key = keys[i] as string;
      const read = new BulkRead(plan, key, keyspace.id(key), () => reply.then((all) => all[i]?.entry));
      this.#deps.aliases.remember(redisKeys[n] as string, key, keyspace);
      reads.push(read);
      this.#deps.inFlight.start(read.id, read);
    }
    return reply;
  }

  /** Settles reads that other calls may have joined. */
  #settleShared(
    keyspace: Keyspace,
    redisKeys: readonly string[],
    replies: readonly (Stored | Promise<Stored>)[],
    reads: readonly BulkRead[],
    pull: Promise<unknown> | undefined,
    l1TtlMs: number | undefined,
  ): void {
    for (let n = 0; n < reads.length; n++) {
      const read = reads[n] as BulkRead;
      const redisKey = redisKeys[n] as string;
      const reply = replies[n];
      const settled =
        reply instanceof Promise
          ? reply.then((stored) =>
              this.#settle(keyspace, read.key, read.id, redisKey, stored, pull, read, l1TtlMs),
            )
          : this.#settle(keyspace, read.key, read.id, redisKey, reply, pull, read, l1TtlMs);
      if (settled instanceof Promise) settled.catch(ignore);
      read.entry = settled;
    }
  }

  /** Settles reads without an L1. They fill nothing, so there is nothing to supersede, and calls do not share them. */
  #settleUnshared(
    keyspace: Keyspace,
    keys: readonly string[],
    toRead: readonly number[],
    replies: readonly (Stored | Promise<Stored>)[],
    pull: Promise<unknown> | undefined,
    results: BulkResult[],
  ): void {
    const now = this.#deps.clock.now();
    for (let n = 0; n < toRead.length; n++) {
      const reply = replies[n];
      const isPlain = !(reply instanceof Promise) && reply?.meta.tags === undefined;
      const entry = isPlain
        ? this.#l1EntryOf(keyspace, reply, now)
        : this.#settleTagged(keyspace, keys[toRead[n] as number] as string, reply, pull);
      if (entry instanceof Promise) entry.catch(ignore);
      results[toRead[n] as number] = { entry, read: unshared };
    }
  }

  async #settleTagged(
    keyspace: Keyspace,
    key: string,
    reply: Stored | Promise<Stored>,
    pull: Promise<unknown> | undefined,
  ): Promise<MaybeEntry> {
    const { tags, clock } = this.#deps;
    const stored = await reply;
    if (stored?.meta.tags !== undefined) {
      tags.tagsInUse();
      await tags.pullUpTo(stored.meta.tagEpoch, pull);
      if (!tags.table.isValid(keyspace.coveringTags(stored.meta.tags), stored.meta.tagEpoch)) {
        this.#deps.deadEntries?.add(keyspace.id(key), keyspace.redisKey(key), stored.meta);
        return undefined;
      }
    }
    return this.#l1EntryOf(keyspace, stored, clock.now());
  }

  /** The L1 entry for a stored one; undefined = past its ttl and its grace. */
  #l1EntryOf(keyspace: Keyspace, stored: Stored, now: number): MaybeEntry {
    if (stored === undefined) return undefined;
    const { l2, defaults, isolation } = this.#deps;
    const { carriesTtl } = this.#deps.entries;
    const value = copyInDecoded(stored.value, isolation);
    const redisNow = l2?.clock.of(now) ?? now;
    const entry = decodedEntry(
      keyspace,
      value,
      stored.meta,
      defaults.refreshAhead,
      redisNow,
      now,
      carriesTtl,
      otherVersion(stored.meta.version ?? 0, defaults.version),
    );
    if (now >= entry.staleUntil) return undefined;
    const { detail } = entry;
    if (detail === undefined || !this.#deps.tags.table.isExpired(detail.tags, detail.tagEpoch)) return entry;
    return hasGrace(entry) ? withTtlOver(entry, now) : undefined;
  }

  #settle(
    keyspace: Keyspace,
    key: string,
    id: string,
    redisKey: string,
    stored: Stored,
    pull: Promise<unknown> | undefined,
    read: TierRead,
    l1TtlMs: number | undefined,
  ): MaybeEntry | Promise<MaybeEntry> {
    if (stored === undefined) {
      this.#deps.inFlight.end(id, read);
      return undefined;
    }
    const { tags } = this.#deps;
    const { meta } = stored;
    const fill = (): MaybeEntry => {
      this.#deps.inFlight.end(id, read);
      if (meta.tags !== undefined && !tags.table.isValid(keyspace.coveringTags(meta.tags), meta.tagEpoch)) {
        this.#deps.deadEntries?.add(id, redisKey, meta);
        return undefined;
      }
      return this.#fill(keyspace, key, id, redisKey, stored, read, l1TtlMs);
    };
    if (meta.tags === undefined) return fill();
    tags.tagsInUse();
    return tags.pullUpTo(meta.tagEpoch, pull).then(fill, (error: unknown) => {
      this.#deps.inFlight.end(id, read);
      throw error;
    });
  }

  #fill(
    keyspace: Keyspace,
    key: string,
    id: string,
    redisKey: string,
    stored: StoredEntry,
    read: TierRead,
    l1TtlMs: number | undefined,
  ): MaybeEntry {
    const { l1, l2, clock, counters } = this.#deps;
    const now = clock.now();
    const entry = this.#l1EntryOf(keyspace, stored, now);
    if (entry === undefined) {
      if (l2?.clock.isKnown === true && isOverdue(stored.meta, l2.clock.now()))
        this.#deps.deadEntries?.add(id, redisKey, stored.meta);
      return undefined;
    }
    // Without Redis's time the rest of the entry's ttl is unknown.
    if (l2?.clock.isKnown === false) return entry;
    if (l1 === undefined || !read.fillsL1 || read.superseded || this.#deps.lifecycle.closed) return entry;
    read.shared = true;
    // A stale entry from Redis never replaces the entry in the L1, which is as new or newer.
    if (now < entry.expiresAt || l1.get(id) === undefined) {
      this.#deps.aliases.remember(redisKey, key, keyspace);
      if (!l1.set(id, withL1Ttl(entry, stored.meta.ttlMs, l1TtlMs, now))) return entry;
    }
    counters.storedL1();
    return entry;
  }
}

/** The read of a single caller. */
const unshared = { shared: false };

class Read implements TierRead {
  superseded = false;
  shared = false;
  fillsL1: boolean;
  found!: Promise<MaybeEntry>;

  constructor(plan: ReadPlan) {
    this.fillsL1 = plan.tiers !== 'l2';
  }
}

pinShape(new Read({ l1TtlMs: undefined }));

/** One key of a bulk read. Its promise is made when another call joins. */
class BulkRead implements TierRead {
  superseded = false;
  shared = false;
  entry: MaybeEntry | Promise<MaybeEntry>;
  fillsL1: boolean;
  readonly key: string;
  readonly id: string;
  readonly #find: () => Promise<MaybeEntry>;

  constructor(plan: ReadPlan, key: string, id: string, find: () => Promise<MaybeEntry>) {
    this.fillsL1 = plan.tiers !== 'l2';
    this.key = key;
    this.id = id;
    this.#find = find;
  }

  get read(): TierRead {
    return this;
  }

  get found(): Promise<MaybeEntry> {
    return this.#find();
  }
}

pinShape(new BulkRead({ l1TtlMs: undefined }, '', '', () => Promise.resolve(undefined)));

/** The result of `reading`, once Redis's time is known: the rest of a ttl is computed from it. */
function inRedisTime<T>(l2: RemoteTier, reading: Promise<T>): Promise<T> {
  if (l2.clock.isKnown) return reading;
  const synchronizing = l2.clock.learn().catch(ignore);
  return reading.then(async (result) => {
    await synchronizing;
    return result;
  });
}

/** True if ttl and grace are over by more than clocks may differ: another program has extended the key in Redis. */
function isOverdue({ stamp, ttlMs, graceMs }: EntryMeta, redisNow: number): boolean {
  return ttlMs !== 0 && redisNow > stamp + ttlMs + graceMs + 1000;
}

function joined(read: TierRead, plan: ReadPlan): TierRead {
  read.shared = true;
  if (plan.tiers !== 'l2') read.fillsL1 = true;
  return read;
}

function ignore(): void {
  // Callers that need the outcome await it themselves.
}
