import { portionSize } from '../../base/turn.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { BaselineRequest, RemoteTier } from '../../tiers/remote-tier.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { VersionRule } from '../entry/entry-version.js';
import { hasTags, type LocalEntries } from '../entry/local-entries.js';
import type { PlanDefaults } from '../entry/store-plan.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';
import type { BulkResult, ReadPlan, TierReads } from './reads.js';

export interface LookupDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly entries: LocalEntries;
  readonly reads: TierReads;
  readonly tags: TagSync;
  readonly counters: Counters;
  readonly errors: ErrorPolicy;
  /** For calls without options of their own. */
  readonly defaults: PlanDefaults;
}

/** A fresh entry, and the tier that holds it. */
export interface Hit {
  readonly entry: L1Entry;
  readonly tier: 'l1' | 'l2';
  /** No other caller holds the value. */
  readonly isOwn: boolean;
}

/** The failure of a read of one key among many. */
export class ReadFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Looks for entries in the L1, then in the L2. A failure of Redis is a miss, or thrown (`onError`). */
export class Lookup {
  readonly #deps: LookupDeps;

  constructor(deps: LookupDeps) {
    this.#deps = deps;
  }

  /**
   * Pulls tag invalidations if the L1 entry of this key has tags that may be invalidated; `failed` = Redis did not
   * answer.
   */
  async checkTags(operation: CacheOperation, id: string): Promise<undefined | typeof failed> {
    const { l1, tags, entries, errors } = this.#deps;
    if (!tags.stale) return undefined;
    const entry = l1?.get(id);
    if (entry === undefined || !entries.needsTagCheck(entry)) return undefined;
    return (await errors.guarded(operation, tags.pull())) === failed ? failed : undefined;
  }

  /** Pulls invalidations of an entry's tags by other instances. */
  async pullTagsOf(entry: L1Entry): Promise<void> {
    const { tags, errors } = this.#deps;
    const pull = hasTags(entry) ? tags.pullForRead() : undefined;
    if (pull !== undefined) await errors.guarded('getOrSet', pull);
  }

  /** The fresh entry in either tier. Counts nothing. */
  async look(operation: CacheOperation, keyspace: Keyspace, key: string): Promise<L1Entry | undefined> {
    const id = keyspace.id(key);
    const checked = await this.checkTags(operation, id);
    const entry = this.#deps.entries.fresh(id);
    // Redis already failed in this call: don't pay for a second time-out.
    return entry ?? (checked === failed ? undefined : this.lookL2(operation, keyspace, key));
  }

  /** The fresh entry in the L2. Counts nothing. */
  async lookL2(
    operation: CacheOperation,
    keyspace: Keyspace,
    key: string,
    rule: VersionRule = this.#deps.defaults,
  ): Promise<L1Entry | undefined> {
    const found = await this.tryL2(operation, keyspace, key);
    return found === undefined || found === failed || !this.#isHit(found, rule) ? undefined : found;
  }

  #isHit(found: L1Entry, rule: VersionRule = this.#deps.defaults): boolean {
    const { entries } = this.#deps;
    return entries.isWithinTtl(found) && entries.suits(found, rule);
  }

  /** The fresh or stale entry in the L2, of whatever version; `failed` = Redis did not answer. */
  async tryL2(
    operation: CacheOperation,
    keyspace: Keyspace,
    key: string,
    plan: ReadPlan = this.#deps.defaults,
    baseline?: BaselineRequest,
  ): Promise<L1Entry | undefined | typeof failed> {
    const { l2, reads, errors } = this.#deps;
    if (l2 === undefined) return undefined;
    try {
      const { found } = reads.read(l2, keyspace, key, plan, baseline);
      return await found;
    } catch (error) {
      errors.tolerate(operation, error);
      return failed;
    }
  }

  /**
   * As {@link tryL2}, for many keys: their entries in the order of `keys`. `baselines`: what loads compare, in that
   * order. A `ReadFailure` stands for an error that is to reach the caller.
   */
  async tryManyInL2(
    l2: RemoteTier,
    keyspace: Keyspace,
    keys: readonly string[],
    plan: ReadPlan,
    baselines: readonly (BaselineRequest | undefined)[],
  ): Promise<readonly (L1Entry | undefined | typeof failed | ReadFailure)[] | typeof failed> {
    const { reads, errors } = this.#deps;
    const results = await errors.guarded('getOrSet', reads.readMany(l2, keyspace, keys, plan, baselines));
    if (results === failed) return failed;
    const found = new Array<L1Entry | undefined | typeof failed | ReadFailure>(results.length);
    for (let i = 0; i < results.length; i++) {
      const { entry } = results[i] as BulkResult;
      found[i] = entry instanceof Promise ? await this.#foundLater(entry) : entry;
    }
    return found;
  }

  async #foundLater(
    entry: Promise<L1Entry | undefined>,
  ): Promise<L1Entry | undefined | typeof failed | ReadFailure> {
    try {
      return await this.#deps.errors.guarded('getOrSet', entry);
    } catch (error) {
      return new ReadFailure(error);
    }
  }

  /** The fresh entry in the L2, and whether other callers share it; `failed` = Redis did not answer. Counts nothing. */
  async lookInL2(
    operation: CacheOperation,
    keyspace: Keyspace,
    key: string,
    plan: ReadPlan & VersionRule,
  ): Promise<Hit | undefined | typeof failed> {
    const { l2, reads, errors } = this.#deps;
    if (l2 === undefined) return undefined;
    try {
      const read = reads.read(l2, keyspace, key, plan);
      const entry = await read.found;
      if (entry !== undefined && this.#isHit(entry, plan)) return { entry, tier: 'l2', isOwn: !read.shared };
      return undefined;
    } catch (error) {
      errors.tolerate(operation, error);
      return failed;
    }
  }

  /** The fresh entry in either tier. Counts. */
  async find(operation: CacheOperation, keyspace: Keyspace, key: string): Promise<Hit | undefined> {
    const { l1, l2, counters, tags, entries, reads, errors, defaults } = this.#deps;
    let hasRedisFailed = false;
    if (l1 !== undefined) {
      const id = keyspace.id(key);
      if (tags.stale) hasRedisFailed = (await this.checkTags(operation, id)) === failed;
      const entry = entries.fresh(id);
      if (entry !== undefined) {
        counters.hitL1();
        return { entry, tier: 'l1', isOwn: false };
      }
      counters.missedL1();
    }
    // Redis already failed in this call: don't pay for a second time-out.
    if (l2 !== undefined && !hasRedisFailed) {
      try {
        const read = reads.read(l2, keyspace, key, defaults);
        const entry = await read.found;
        if (entry !== undefined && this.#isHit(entry)) {
          counters.hitL2();
          return { entry, tier: 'l2', isOwn: !read.shared };
        }
      } catch (error) {
        errors.tolerate(operation, error);
      }
    }
    if (l2 !== undefined) counters.missedL2();
    counters.missed();
    return undefined;
  }

  /** As `find`, for many keys without duplicates, in their order. */
  async findMany(keyspace: Keyspace, keys: readonly string[]): Promise<readonly (Hit | undefined)[]> {
    const { l1, l2, counters, tags, entries, errors } = this.#deps;
    const hits = new Array<Hit | undefined>(keys.length);
    const missing: string[] = [];
    const indexes: number[] = [];
    const pulled = l1 !== undefined && tags.stale ? await errors.guarded('getMany', tags.pull()) : undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const entry = l1 === undefined ? undefined : entries.fresh(keyspace.id(key));
      if (entry !== undefined) {
        hits[i] = { entry, tier: 'l1', isOwn: false };
      } else {
        missing.push(key);
        indexes.push(i);
      }
    }
    if (l1 !== undefined) {
      counters.hitL1(keys.length - missing.length);
      counters.missedL1(missing.length);
    }
    if (l2 === undefined || missing.length === 0) {
      counters.missed(missing.length);
      return hits;
    }
    // Redis already failed in this call: don't pay for a second time-out.
    if (pulled === failed) return this.#missedAll(missing.length, hits);
    for (let i = 0; i < missing.length; i += portionSize) {
      const portion = missing.length <= portionSize ? missing : missing.slice(i, i + portionSize);
      const results = await errors.guarded('getMany', this.#readMany(l2, keyspace, portion));
      if (results === failed) return this.#missedAll(missing.length - i, hits);
      await this.#noteResults(results, indexes, i, hits);
    }
    return hits;
  }

  #readMany(l2: RemoteTier, keyspace: Keyspace, keys: readonly string[]): Promise<BulkResult[]> {
    return this.#deps.reads.readMany(l2, keyspace, keys, this.#deps.defaults);
  }

  /** Counts the results of a portion, and writes its hits to `hits`, at `indexes` from `from` on. */
  async #noteResults(
    results: readonly BulkResult[],
    indexes: readonly number[],
    from: number,
    hits: (Hit | undefined)[],
  ): Promise<void> {
    const { counters } = this.#deps;
    for (let n = 0; n < results.length; n++) {
      const result = results[n] as BulkResult;
      let { entry } = result;
      if (entry instanceof Promise) entry = await this.#awaited(entry);
      if (entry === undefined || !this.#isHit(entry)) {
        counters.missedL2();
        counters.missed();
      } else {
        counters.hitL2();
        hits[indexes[from + n] as number] = { entry, tier: 'l2', isOwn: !result.read.shared };
      }
    }
  }

  /** Awaits an entry that another call is reading, or that decodes asynchronously. */
  async #awaited(entry: Promise<L1Entry | undefined>): Promise<L1Entry | undefined> {
    const found = await this.#deps.errors.guarded('getMany', entry);
    return found === failed ? undefined : found;
  }

  #missedAll<T>(count: number, hits: T): T {
    this.#deps.counters.missedL2(count);
    this.#deps.counters.missed(count);
    return hits;
  }
}
