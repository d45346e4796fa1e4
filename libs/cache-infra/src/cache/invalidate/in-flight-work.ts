import { BulkCall } from './bulk-call.js';
import { InFlight, type Supersedable, type TaggedWork } from './in-flight.js';

/** A set or a delete in flight to the L2. */
export interface WriteInFlight extends TaggedWork {
  /** Settles when the L2 has taken or refused the change. */
  done?: Promise<unknown> | undefined;
}

/** A load, as an invalidation sees it. */
export interface LoadInFlight extends TaggedWork {
  /** Another instance changed the entry. True = the load asks Redis itself whether that concerns it. */
  entryChangedElsewhere(): boolean;
  /** Another instance changed the load guard. */
  guardChangedElsewhere(): void;
}

/** A removal of all keys that match, while Redis is scanned. */
export interface ScanRemoval {
  /** Keys that were set after the removal was called: it does not remove them. */
  readonly exemptIds: Set<string>;
  readonly exemptRedisKeys: Set<string>;
}

/**
 * # How races are decided
 *
 * A cache has four kinds of work in flight, each of which ends by storing something or by removing it:
 *
 * - a *read* of the L2, which fills the L1;
 * - a *write* (set or delete), which changes the L1 at once and the L2 a round trip later;
 * - a *load*, which reads the origin and stores the value in both tiers;
 * - an *expiry*, which rewrites an entry with its ttl ended.
 *
 * An invalidation must not be undone by work that began before it. So an invalidation *supersedes* the work it covers:
 * the work leaves its registry and is flagged as superseded. Superseded work still returns its value to the callers
 * that wait for it; it stores nothing. A call after the invalidation finds no work to join, and begins anew. The order
 * of calls in this process decides, so every registry is consulted synchronously: at the moment of the call, and again
 * right before a value is stored.
 *
 * Not every event supersedes everything. Which work it covers, and why:
 *
 * | event                             | reads | writes | loads | expiries | reason                                  |
 * | --------------------------------- | ----- | ------ | ----- | -------- | --------------------------------------- |
 * | `supersede` (own set or delete)   | yes   | yes    | yes   | yes      | the later call of this process wins     |
 * | `supersedeWhere` (pattern, clear) | yes   | yes    | yes   | yes      | the same, for all keys that match       |
 * | `supersedeTagged`                 | no    | marked | yes   | no       | entries carry a tag epoch; see below    |
 * | `supersedeForExpiry` (`expire()`) | yes   | no     | yes   | yes      | the expiry applies to the set in flight |
 * | `l1Written`                       | yes   | no     | no    | no       | a read may bring the older value        |
 * | `remoteChange`                    | yes   | no     | asked | no       | in Redis the last write to arrive wins  |
 * | `remoteFlush`                     | yes   | no     | yes   | no       | a write may come after the flush        |
 * | `l1Emptied`                       | yes   | no     | no    | no       | the channel may have missed a change    |
 *
 * *Tags.* An invalidation of a tag raises the tag's epoch in the tag table. An entry keeps the epoch its value was made
 * under, and is dead once a tag of it has a later one. So a read needs no superseding: its entry is judged by its
 * epoch. A load is superseded: its value would be dead on arrival. A write is *marked*, not superseded: the write
 * continues and replaces the older entry in Redis. Its new entry carries an epoch from before the invalidation, and so
 * is dead too.
 *
 * *Loads and Redis.* Redis stores the value of a load only if nothing was set, deleted or cleared since the load began.
 * Most loads compare at their end what Redis holds for the key with what it held at their beginning
 * (`OptimisticLoads`): a set changes the version of the entry, a delete the tombstone, a clear the record of clears.
 * Loads with a lease, in a Cluster, or on a server that may evict these traces keep a guard beside the entry instead
 * (`LoadGuards`): a hash with a generation, which every set, delete and pattern removal deletes (a fencing token:
 * Kleppmann, "How to do distributed locking", 2016). So a change elsewhere need not supersede the load at once, and
 * must not: Redis also reports entries that merely expire. The load asks Redis whether the change concerns it. If Redis
 * did not answer at its beginning, a change supersedes the load.
 *
 * *Many keys.* A call for many keys takes several turns of the event loop. A later call for one of them came after it:
 * it supersedes the part of the bulk call that has not begun. A removal by pattern scans Redis for a while: keys that
 * are set after its call are exempt from it.
 */
export class InFlightWork<
  Read extends Supersedable = Supersedable,
  Load extends LoadInFlight = LoadInFlight,
> {
  readonly reads = new InFlight<Read>();
  readonly writes = new InFlight<WriteInFlight>();
  readonly loads = new InFlight<Load>();
  readonly expiries = new InFlight<Supersedable>();
  readonly #bulkCalls = new Set<BulkCall>();
  readonly #scans = new Set<ScanRemoval>();

  /** A read, write or load of this key is in flight. */
  has(id: string): boolean {
    return this.reads.get(id) !== undefined || this.hasChange(id);
  }

  /** A write or load of this key is in flight, and will replace the entry. */
  hasChange(id: string): boolean {
    return this.writes.get(id) !== undefined || this.loads.get(id) !== undefined;
  }

  supersede(id: string): void {
    this.reads.supersede(id);
    this.writes.supersede(id);
    this.loads.supersede(id);
    this.expiries.supersede(id);
    for (const bulk of this.#bulkCalls) bulk.supersede(id);
  }

  /** As `supersede`, for a set in a cache without an L2, which has neither reads nor writes nor expiries in flight. */
  supersedeInMemory(id: string): void {
    if (this.loads.size > 0) this.loads.supersede(id);
    if (this.#bulkCalls.size > 0) for (const bulk of this.#bulkCalls) bulk.supersede(id);
  }

  supersedeWhere(matches: (id: string) => boolean): void {
    this.reads.supersedeWhere(matches);
    this.writes.supersedeWhere(matches);
    this.loads.supersedeWhere(matches);
    this.expiries.supersedeWhere(matches);
    for (const bulk of this.#bulkCalls) bulk.supersedeWhere(matches);
  }

  /** For the end of the cache, while its sets and expiries are still sent. */
  supersedeAllButChanges(): void {
    this.reads.supersedeWhere(always);
    this.loads.supersedeWhere(always);
    for (const bulk of this.#bulkCalls) bulk.supersedeWhere(always);
  }

  /** For the end of the cache. */
  supersedeAll(): void {
    this.supersedeWhere(always);
  }

  /** `tags` as the tag table names them; `latestEpoch`: of the table before the invalidation. */
  supersedeTagged(tags: readonly string[], latestEpoch: number): void {
    const invalidated = new Set(tags);
    const isTagged = (work: TaggedWork): boolean => work.tags?.some((tag) => invalidated.has(tag)) === true;
    for (const [id, load] of this.loads.entries()) if (isTagged(load)) this.loads.supersede(id);
    for (const [, write] of this.writes.entries()) {
      if (isTagged(write)) write.latestEpoch = Math.min(write.latestEpoch ?? Infinity, latestEpoch);
    }
  }

  supersedeForExpiry(id: string): void {
    this.reads.supersede(id);
    this.loads.supersede(id);
    this.expiries.supersede(id);
  }

  l1Written(id: string): void {
    this.reads.supersede(id);
  }

  remoteChange(id: string): void {
    this.reads.supersede(id);
    if (this.loads.get(id)?.entryChangedElsewhere() !== true) this.loads.supersede(id);
  }

  remoteFlush(): void {
    this.reads.supersedeWhere(always);
    this.loads.supersedeWhere(always);
  }

  l1Emptied(): void {
    this.reads.supersedeWhere(always);
  }

  /** Runs a call for many keys. */
  async inBulk<T>(work: (bulk: BulkCall) => Promise<T>): Promise<T> {
    const bulk = new BulkCall();
    this.#bulkCalls.add(bulk);
    try {
      return await work(bulk);
    } finally {
      this.#bulkCalls.delete(bulk);
    }
  }

  /** Runs a removal of all keys that match. */
  async inScan<T>(work: (scan: ScanRemoval) => Promise<T>): Promise<T> {
    const scan: ScanRemoval = { exemptIds: new Set(), exemptRedisKeys: new Set() };
    this.#scans.add(scan);
    try {
      return await work(scan);
    } finally {
      this.#scans.delete(scan);
    }
  }

  get hasScans(): boolean {
    return this.#scans.size > 0;
  }

  /** A value is set: no scan that has begun removes it. `redisKey`: undefined = the value stays in the L1. */
  exempt(id: string, redisKey: string | undefined): void {
    for (const { exemptIds, exemptRedisKeys } of this.#scans) {
      exemptIds.add(id);
      if (redisKey !== undefined) exemptRedisKeys.add(redisKey);
    }
  }
}

function always(): boolean {
  return true;
}
