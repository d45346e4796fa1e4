import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { EntryMeta } from '../../codec/codec.js';
import { pinShape } from '../../base/pin-shape.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { RemoteTier, StoredEntry } from '../../tiers/remote-tier.js';
import type { InFlight, Supersedable } from '../invalidate/in-flight.js';
import { copyInDecoded } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { decodedEntry, withL1Ttl } from '../entry/l1-entries.js';
import type { PlanDefaults, StorePlan } from '../entry/store-plan.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { Isolation } from '../contract/options.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import type { Recovery } from '../recover/recovery.js';
import type { DeadEntries } from './dead-entries.js';

/** What one call says of how it reads the L2. */
export type ReadPlan = Partial<Pick<StorePlan, 'tiers'>> & Pick<StorePlan, 'l1TtlMs'>;

/** A read of the L2 under way; all who ask for the key meanwhile share it. */
export interface TierRead extends Supersedable {
  /** What it finds; may be past its ttl, within its grace. */
  readonly found: Promise<L1Entry | undefined>;
  /** Somebody who asked wants it in the L1. */
  fillsL1: boolean;
  /** More than one asked, or the L1 has it: its value belongs to nobody alone. */
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

/** What a read of many found for one key. */
export interface BulkResult {
  readonly record: MaybeEntry | Promise<MaybeEntry>;
  readonly read: Pick<TierRead, 'shared'>;
}

type MaybeEntry = L1Entry | undefined;
type Stored = StoredEntry | undefined;

/** Reads of the L2: one for all who ask for a key at the same time, superseded by invalidations, filling the L1 on the way. */
export class TierReads {
  readonly #deps: TierReadsDeps;

  constructor(deps: TierReadsDeps) {
    this.#deps = deps;
  }

  /** Reads one key; joins a read that is under way. */
  read(l2: RemoteTier, keyspace: Keyspace, key: string, plan: ReadPlan): TierRead {
    const id = keyspace.id(key);
    const underWay = this.#deps.inFlight.get(id);
    if (underWay !== undefined) return joined(underWay, plan);
    const redisKey = keyspace.redisKey(key);
    this.#deps.aliases.remember(redisKey, key, keyspace);
    const { tags, recovery } = this.#deps;
    const news = tags.pullForRead();
    news?.catch(ignore);
    const waiting = recovery?.journal.pending(redisKey);
    let stored: Promise<Stored>;
    if (waiting === undefined) stored = inRedisTime(l2, l2.read(redisKey));
    else stored = Promise.resolve(waiting.kind === 'set' ? l2.decode(redisKey, waiting.bytes) : undefined);
    const read = new Read(plan);
    const settle = (entry: Stored): MaybeEntry | Promise<MaybeEntry> =>
      this.#settle(keyspace, key, id, redisKey, entry, news, read, plan.l1TtlMs);
    const fail = (error: unknown): never => {
      this.#deps.inFlight.end(id, read);
      throw error;
    };
    read.found = stored.then(settle, fail);
    this.#deps.inFlight.start(id, read);
    return read;
  }

  /** Reads many keys, in their order, with one command. */
  async readMany(
    l2: RemoteTier,
    keyspace: Keyspace,
    keys: readonly string[],
    plan: ReadPlan,
  ): Promise<BulkResult[]> {
    const { l1, tags, recovery } = this.#deps;
    const found = new Array<BulkResult>(keys.length);
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
        found[i] = { record: read.found, read };
      } else {
        toRead.push(i);
        redisKeys.push(redisKey);
      }
    }
    if (toRead.length === 0) return found;
    const news = tags.pullForRead();
    news?.catch(ignore);
    if (l1 === undefined) {
      const entries = await inRedisTime(l2, l2.readMany(redisKeys));
      this.#useUnshared(keyspace, keys, toRead, entries, news, found);
      return found;
    }
    const reads: BulkRead[] = [];
    const reply = inRedisTime(l2, l2.readMany(redisKeys)).then(
      (entries) => {
        this.#useShared(keyspace, redisKeys, entries, reads, news, plan.l1TtlMs);
        for (let n = 0; n < reads.length; n++) found[toRead[n] as number] = reads[n] as BulkRead;
        return found;
      },
      (error: unknown) => {
        for (const read of reads) this.#deps.inFlight.end(read.id, read);
        throw error;
      },
    );
    for (let n = 0; n < toRead.length; n++) {
      const i = toRead[n] as number;
      const key = keys[i] as string;
      const read = new BulkRead(plan, key, keyspace.id(key), () => reply.then((all) => all[i]?.record));
      this.#deps.aliases.remember(redisKeys[n] as string, key, keyspace);
      reads.push(read);
      this.#deps.inFlight.start(read.id, read);
    }
    return reply;
  }

  /** What has come for keys that others may have asked for meanwhile. */
  #useShared(
    keyspace: Keyspace,
    redisKeys: readonly string[],
    entries: readonly (Stored | Promise<Stored>)[],
    reads: readonly BulkRead[],
    news: Promise<unknown> | undefined,
    l1TtlMs: number | undefined,
  ): void {
    for (let n = 0; n < reads.length; n++) {
      const read = reads[n] as BulkRead;
      const redisKey = redisKeys[n] as string;
      const entry = entries[n];
      const settled =
        entry instanceof Promise
          ? entry.then((it) => this.#settle(keyspace, read.key, read.id, redisKey, it, news, read, l1TtlMs))
          : this.#settle(keyspace, read.key, read.id, redisKey, entry, news, read, l1TtlMs);
      if (settled instanceof Promise) settled.catch(ignore);
      read.record = settled;
    }
  }

  /** Without an L1 there is nothing to fill, and so nothing to supersede: each who asks reads for itself. */
  #useUnshared(
    keyspace: Keyspace,
    keys: readonly string[],
    toRead: readonly number[],
    entries: readonly (Stored | Promise<Stored>)[],
    news: Promise<unknown> | undefined,
    found: BulkResult[],
  ): void {
    const now = this.#deps.clock.now();
    for (let n = 0; n < toRead.length; n++) {
      const entry = entries[n];
      const isPlain = !(entry instanceof Promise) && entry?.meta.tags === undefined;
      const record = isPlain
        ? this.#recordOf(keyspace, entry, now)
        : this.#unsharedLater(keyspace, keys[toRead[n] as number] as string, entry, news);
      if (record instanceof Promise) record.catch(ignore);
      found[toRead[n] as number] = { record, read: unshared };
    }
  }

  async #unsharedLater(
    keyspace: Keyspace,
    key: string,
    reading: Stored | Promise<Stored>,
    news: Promise<unknown> | undefined,
  ): Promise<MaybeEntry> {
    const { tags, clock } = this.#deps;
    const entry = await reading;
    if (entry?.meta.tags !== undefined) {
      tags.tagsInUse();
      await tags.pullUpTo(entry.meta.tagEpoch, news);
      if (!tags.table.isValid(keyspace.coveringTags(entry.meta.tags), entry.meta.tagEpoch)) {
        this.#deps.deadEntries?.add(keyspace.id(key), keyspace.redisKey(key), entry.meta);
        return undefined;
      }
    }
    return this.#recordOf(keyspace, entry, clock.now());
  }

  #recordOf(keyspace: Keyspace, entry: Stored, now: number): MaybeEntry {
    if (entry === undefined) return undefined;
    const { l2, defaults, isolation } = this.#deps;
    const { carriesTtl } = this.#deps.entries;
    const stored = copyInDecoded(entry.value, isolation);
    const redisNow = l2?.clock.of(now) ?? now;
    const found = decodedEntry(
      keyspace,
      stored,
      entry.meta,
      defaults.refreshAhead,
      redisNow,
      now,
      carriesTtl,
    );
    return now >= found.staleUntil ? undefined : found;
  }

  #settle(
    keyspace: Keyspace,
    key: string,
    id: string,
    redisKey: string,
    stored: Stored,
    news: Promise<unknown> | undefined,
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
    return tags.pullUpTo(meta.tagEpoch, news).then(fill, (error: unknown) => {
      this.#deps.inFlight.end(id, read);
      throw error;
    });
  }

  #fill(
    keyspace: Keyspace,
    key: string,
    id: string,
    redisKey: string,
    entry: StoredEntry,
    read: TierRead,
    l1TtlMs: number | undefined,
  ): MaybeEntry {
    const { l1, l2, clock, counters } = this.#deps;
    const now = clock.now();
    const found = this.#recordOf(keyspace, entry, now);
    if (found === undefined) {
      if (l2?.clock.isKnown === true && isOverdue(entry.meta, l2.clock.now()))
        this.#deps.deadEntries?.add(id, redisKey, entry.meta);
      return undefined;
    }
    // How long the entry still has is not known by our own clock.
    if (l2?.clock.isKnown === false) return found;
    if (l1 === undefined || !read.fillsL1 || read.superseded || this.#deps.lifecycle.closed) return found;
    read.shared = true;
    // What is past its ttl in Redis is never newer than what stands here.
    if (now < found.expiresAt || l1.get(id) === undefined) {
      this.#deps.aliases.remember(redisKey, key, keyspace);
      l1.set(id, withL1Ttl(found, entry.meta.ttlMs, l1TtlMs, now));
    }
    counters.l1Sets++;
    return found;
  }
}

/** What nobody else waits for. */
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

/** One key of many: it has a promise of its own once somebody joins. */
class BulkRead implements TierRead {
  superseded = false;
  shared = false;
  record: MaybeEntry | Promise<MaybeEntry>;
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

/** What `reading` brings, once Redis's time is known: by it is told how long entries still have. */
function inRedisTime<T>(l2: RemoteTier, reading: Promise<T>): Promise<T> {
  if (l2.clock.isKnown) return reading;
  const learning = l2.clock.learn().catch(ignore);
  return reading.then(async (result) => {
    await learning;
    return result;
  });
}

/** Past its ttl and grace for longer than clocks may be apart: somebody has Redis keep it. */
function isOverdue({ stamp, ttlMs, graceMs }: EntryMeta, redisNow: number): boolean {
  return ttlMs !== 0 && redisNow > stamp + ttlMs + graceMs + 1000;
}

function joined(read: TierRead, plan: ReadPlan): TierRead {
  read.shared = true;
  if (plan.tiers !== 'l2') read.fillsL1 = true;
  return read;
}

function ignore(): void {
  // Whoever needs the outcome awaits it elsewhere.
}
