import { systemClock, type Clock } from '../../base/clock.js';
import { Turn } from '../../base/turn.js';
import type { Cache } from '../../cache/contract/cache.js';
import { reasonOf, type AlikeReport } from './alike-report.js';
import { FreshReads } from './fresh-reads.js';
import { LockedUpdates } from './locked-updates.js';
import { PartitionKeys, type AlikePartition } from './partition-keys.js';
import { PartitionWriter, type NewVector } from './partition-writer.js';
import { isHead, isSegment, segmentSize, type PartitionHead } from './segment.js';
import { VectorCopy, type Near, type Place } from './vector-copy.js';

export interface VectorsDeps {
  /** A namespace of its own. */
  readonly cache: Cache;
  /** The operation and the embedder: vectors of other scopes are never compared. */
  readonly scope: string;
  /** Most vectors per partition, rounded up to whole segments. */
  readonly maxVectors: number;
  /** Most bytes of all copies in this process; the one of the last look-up stays. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
  readonly report: AlikeReport;
}

/** A vector with its answer. */
export interface AddedVector {
  /** Of length 1. */
  readonly vector: Float32Array;
  readonly answerKey: string;
  /** Tags of the answer beyond those of the partition. */
  readonly tags: readonly string[];
  /** Milliseconds; 0 = never expires. */
  readonly ttlMs: number;
}

/** Segments that are read together. */
const readAtOnce = 32;

/**
 * The vectors of partitions, in the cache. A partition is a ring of segments of 64 vectors, a head that counts what was
 * appended, and an epoch that names both.
 *
 * Each process has a packed copy of the partitions that it uses. A look-up reads epoch and head, which are L1 hits that
 * the coherence of the cache keeps right, and copies the segments that the count says are new. There is no index: a
 * pass over 10,000 vectors of 100 numbers takes about a millisecond.
 *
 * No text is stored.
 */
export class AlikeVectors {
  readonly #deps: VectorsDeps;
  readonly #clock: Clock;
  readonly #updates: LockedUpdates<NewVector>;
  /** By partition, the least recently used first. */
  readonly #copies = new Map<string, VectorCopy>();
  readonly #syncs = new Map<VectorCopy, Promise<void>>();

  constructor(deps: VectorsDeps) {
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    const { cache, maxVectors, report } = deps;
    const writer = new PartitionWriter({
      cache,
      fresh: new FreshReads(cache),
      clock: this.#clock,
      maxVectors,
      refused: (reason) => {
        report({ kind: 'failed', part: 'vector', reason });
      },
    });
    this.#updates = new LockedUpdates({
      cache,
      apply: async (_, added, { signal }) => {
        const [{ partition }] = added as readonly [NewVector];
        await writer.append(this.#keys(partition), added, signal);
      },
      failed: (error) => {
        report({ kind: 'failed', part: 'cache', reason: reasonOf(error) });
        // A vector that is not stored is one candidate less.
        return [];
      },
    });
  }

  /** Adds a vector. Resolves when it is stored, or could not be; never rejects. */
  async add(partition: AlikePartition, { ttlMs, ...added }: AddedVector): Promise<void> {
    if (await this.#isKept(partition, added.answerKey, ttlMs)) return;
    const endsAt = ttlMs === 0 ? 0 : this.#clock.now() + ttlMs;
    await this.#updates.add(this.#keys(partition).partition, { ...added, partition, endsAt });
  }

  /**
   * The closest vectors of different answers, the closest first. Each may have been removed meanwhile: see
   * {@link confirms}. Rejects if the cache does.
   */
  async nearest(partition: AlikePartition, query: Float32Array, count: number): Promise<readonly Near[]> {
    const copy = await this.#synced(this.#keys(partition));
    if (copy === undefined) return [];
    if (copy.dimensions === query.length) return copy.nearest(query, count, this.#clock.now());
    const reason = `the vector has ${query.length} dimensions, the stored ones have ${copy.dimensions}`;
    this.#deps.report({ kind: 'failed', part: 'vector', reason });
    return [];
  }

  /** Whether the cache still has the vector that a copy proposed. If not, the copy drops it. */
  async confirms(partition: AlikePartition, { answerKey, segment }: Place): Promise<boolean> {
    const keys = this.#keys(partition);
    const copy = this.#copies.get(keys.partition);
    if (copy === undefined) return false;
    const found = await this.#deps.cache.get(keys.segment(copy.epoch, segment));
    if (isSegment(found, copy.dimensions) && found.keys.includes(answerKey)) return true;
    copy.put(segment, isSegment(found, copy.dimensions) ? found : undefined);
    return false;
  }

  /** The answer is gone: its vector is not proposed again. */
  forget(partition: AlikePartition, answerKey: string): void {
    this.#copies.get(this.#keys(partition).partition)?.forget(answerKey);
  }

  /** Whether the vector of the answer is stored already, and lives for half of its ttl at least. */
  async #isKept(partition: AlikePartition, answerKey: string, ttlMs: number): Promise<boolean> {
    const known = this.#copies.get(this.#keys(partition).partition)?.find(answerKey);
    if (known === undefined) return false;
    const livesOn = known.endsAt === 0 || (ttlMs > 0 && known.endsAt > this.#clock.now() + ttlMs / 2);
    return livesOn && (await this.confirms(partition, known).catch(() => false));
  }

  #keys(partition: AlikePartition): PartitionKeys {
    return new PartitionKeys(this.#deps.scope, partition);
  }

  /** The copy, as new as the head. */
  async #synced(keys: PartitionKeys): Promise<VectorCopy | undefined> {
    const { cache } = this.#deps;
    const epoch = await cache.get(keys.epoch);
    const head = typeof epoch === 'string' ? await cache.get(keys.head(epoch)) : undefined;
    if (typeof epoch !== 'string' || !isHead(head)) {
      this.#copies.delete(keys.partition);
      return undefined;
    }
    const known = this.#copies.get(keys.partition);
    const copy = known?.epoch === epoch ? known : new VectorCopy(epoch, head);
    this.#copies.delete(keys.partition);
    this.#copies.set(keys.partition, copy);
    while (copy.appended < head.appended) {
      const before = copy.appended;
      const running = this.#syncs.get(copy);
      await (running ?? this.#sync(keys, copy, head));
      // A segment that this L1 has in an older version is read again by a later look-up.
      if (running === undefined && copy.appended === before) break;
    }
    this.#evict(copy);
    return copy;
  }

  async #sync(keys: PartitionKeys, copy: VectorCopy, head: PartitionHead): Promise<void> {
    const syncing = this.#read(keys, copy, head).finally(() => {
      this.#syncs.delete(copy);
    });
    this.#syncs.set(copy, syncing);
    await syncing;
  }

  /** Copies the segments that changed since the copy was made. */
  async #read(keys: PartitionKeys, copy: VectorCopy, { appended, segments }: PartitionHead): Promise<void> {
    const last = Math.floor((appended - 1) / segmentSize);
    const first = Math.max(Math.floor(copy.appended / segmentSize), last - segments + 1);
    let upTo = appended;
    const turn = new Turn();
    for (let from = first; from <= last; from += readAtOnce) {
      const counts = Array.from({ length: Math.min(readAtOnce, last - from + 1) }, (_, i) => from + i);
      const keyOf = (count: number): string => keys.segment(copy.epoch, count % segments);
      const found = await this.#deps.cache.getMany(counts.map(keyOf));
      for (const count of counts) {
        const entry = found.get(keyOf(count));
        const segment = isSegment(entry, copy.dimensions) ? entry : undefined;
        copy.put(count % segments, segment);
        if (count === last && segment !== undefined) upTo = Math.min(upTo, segment.appended);
      }
      if (turn.isOver) await turn.next();
    }
    copy.appended = Math.max(copy.appended, upTo);
  }

  #evict(used: VectorCopy): void {
    const most = this.#deps.maxBytes ?? 64 * 2 ** 20;
    let bytes = 0;
    for (const copy of this.#copies.values()) bytes += copy.bytes;
    for (const [partition, copy] of this.#copies) {
      if (bytes <= most || copy === used) return;
      this.#copies.delete(partition);
      bytes -= copy.bytes;
    }
  }
}
