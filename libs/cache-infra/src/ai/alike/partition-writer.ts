import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { durationMs } from '../../base/duration.js';
import type { Cache } from '../../cache/contract/cache.js';
import type { StoreOptions, Ttl } from '../../cache/contract/options.js';
import type { FreshReads } from './fresh-reads.js';
import type { AlikePartition, PartitionKeys } from './partition-keys.js';
import { isHead, isSegment, segmentSize, type PartitionHead, type Segment } from './segment.js';

/** A vector on its way into a partition. */
export interface NewVector {
  readonly partition: AlikePartition;
  /** Of length 1. */
  readonly vector: Float32Array;
  readonly answerKey: string;
  /** Tags of the answer beyond those of the partition. */
  readonly tags: readonly string[];
  /** End of the answer, milliseconds since the epoch; 0 = never. */
  readonly endsAt: number;
}

export interface PartitionWriterDeps {
  readonly cache: Cache;
  readonly fresh: FreshReads;
  readonly clock: Clock;
  readonly maxVectors: number;
  readonly refused: (reason: string) => void;
}

/** A partition begins anew after this time. So no entry stays in Redis for ever, even if its answer does. */
const epochTtl = '30d';
/** Tags of a segment beyond those of its partition. A segment with more is closed early. */
const mostTags = 256;

interface Opened {
  readonly epoch: string;
  readonly head: PartitionHead;
}

/** A segment that is being filled. */
interface Filling {
  lap: number;
  number: number;
  keys: string[];
  ends: number[];
  tags: Set<string>;
  vectors: Float32Array[];
}

/**
 * Appends vectors to a partition. Runs under the lock of the partition.
 *
 * All entries but the epoch are keyed by the epoch, and the epoch is never written again with its old value. So a
 * tenant that is erased while an append runs stays erased: the append goes to an epoch that no reader finds, and is
 * removed.
 */
export class PartitionWriter {
  readonly #deps: PartitionWriterDeps;

  constructor(deps: PartitionWriterDeps) {
    this.#deps = deps;
  }

  async append(keys: PartitionKeys, added: readonly NewVector[], signal: AbortSignal): Promise<void> {
    const [first] = added;
    if (first === undefined) return;
    const { partition } = first;
    const opened = (await this.#open(keys)) ?? (await this.#begin(keys, first, signal));
    const fitting = added.filter(({ vector }) => this.#fits(vector, opened.head));
    if (fitting.length === 0) return;
    const written = await this.#write(keys, opened, fitting, signal);
    const endsAt = latest([opened.head.endsAt, ...fitting.map((each) => each.endsAt)]);
    const head = { ...opened.head, appended: written.appended, endsAt };
    signal.throwIfAborted();
    await this.#deps.cache.set(keys.head(opened.epoch), head, this.#options(partition.tags, endsAt));
    if ((await this.#deps.fresh.read(keys.epoch)) === opened.epoch) return;
    await this.#deps.cache.deleteMany([keys.head(opened.epoch), ...written.keys]);
  }

  async #open(keys: PartitionKeys): Promise<Opened | undefined> {
    const { fresh } = this.#deps;
    const epoch = await fresh.read(keys.epoch);
    if (typeof epoch !== 'string') return undefined;
    const head = await fresh.read(keys.head(epoch));
    return isHead(head) ? { epoch, head } : undefined;
  }

  async #begin(keys: PartitionKeys, { partition, vector }: NewVector, signal: AbortSignal): Promise<Opened> {
    const epoch = randomBytes(9).toString('base64url');
    signal.throwIfAborted();
    await this.#deps.cache.set(keys.epoch, epoch, {
      ttl: epochTtl,
      tags: partition.tags,
      grace: 0,
      jitter: 0,
    });
    const segments = Math.ceil(this.#deps.maxVectors / segmentSize);
    const dimensions = vector.length;
    // An end in the past: the first vector sets it.
    return { epoch, head: { alikeHead: 1, dimensions, segments, appended: 0, endsAt: 1 } };
  }

  #fits({ length }: Float32Array, { dimensions }: PartitionHead): boolean {
    if (length === dimensions) return true;
    this.#deps.refused(
      `the vector has ${length} dimensions, the stored ones have ${dimensions}: ` +
        `change embedderVersion when the embedder changes`,
    );
    return false;
  }

  async #write(
    keys: PartitionKeys,
    { epoch, head }: Opened,
    added: readonly NewVector[],
    signal: AbortSignal,
  ): Promise<{ readonly appended: number; readonly keys: readonly string[] }> {
    const writtenKeys: string[] = [];
    let { appended } = head;
    let filling: Filling | undefined;
    const flush = async (): Promise<void> => {
      if (filling === undefined) return;
      const key = keys.segment(epoch, filling.number);
      const [{ partition }] = added as [NewVector];
      const options = this.#options([...partition.tags, ...filling.tags], latest(filling.ends));
      signal.throwIfAborted();
      await this.#deps.cache.set(key, segmentOf(filling, appended, head.dimensions), options);
      writtenKeys.push(key);
      filling = undefined;
    };
    for (const each of added) {
      if (filling !== undefined && exceeds(filling, each)) {
        await flush();
        appended = nextSegment(appended);
      }
      if (filling === undefined) {
        const found = await this.#fillingAt(keys, epoch, head, appended);
        appended = found.appended;
        filling = found.filling;
        if (exceeds(filling, each)) {
          appended = nextSegment(appended);
          filling = newFilling(appended, head.segments);
        }
      }
      filling.keys.push(each.answerKey);
      filling.ends.push(each.endsAt);
      filling.vectors.push(each.vector);
      for (const tag of each.tags) filling.tags.add(tag);
      appended += 1;
      if (appended % segmentSize === 0) await flush();
    }
    await flush();
    return { appended, keys: writtenKeys };
  }

  /** The segment at `appended`, as it was left: its writer may have ended before it wrote the head. */
  async #fillingAt(
    keys: PartitionKeys,
    epoch: string,
    { dimensions, segments }: PartitionHead,
    appended: number,
  ): Promise<{ readonly appended: number; readonly filling: Filling }> {
    const filling = newFilling(appended, segments);
    const segment = await this.#deps.fresh.read(keys.segment(epoch, filling.number));
    if (!isSegment(segment, dimensions) || segment.lap !== filling.lap) return { appended, filling };
    if (segment.appended > appended && segment.appended % segmentSize === 0) {
      return this.#fillingAt(keys, epoch, { dimensions, segments } as PartitionHead, segment.appended);
    }
    const vectors = segment.keys.map((_, index) =>
      segment.vectors.subarray(index * dimensions, (index + 1) * dimensions),
    );
    return {
      appended: Math.max(appended, segment.appended),
      filling: {
        ...filling,
        keys: [...segment.keys],
        ends: [...segment.ends],
        tags: new Set(segment.tags),
        vectors,
      },
    };
  }

  #options(tags: readonly string[], endsAt: number): StoreOptions {
    return { ttl: this.#ttl(endsAt), tags, grace: 0, jitter: 0 };
  }

  #ttl(endsAt: number): Ttl {
    if (endsAt === 0) return epochTtl;
    const leftMs = Math.min(Math.ceil(endsAt - this.#deps.clock.now()), durationMs(epochTtl));
    return `${Math.max(1, leftMs)}ms`;
  }
}

function newFilling(appended: number, segments: number): Filling {
  const count = Math.floor(appended / segmentSize);
  return {
    lap: Math.floor(count / segments),
    number: count % segments,
    keys: [],
    ends: [],
    tags: new Set(),
    vectors: [],
  };
}

function nextSegment(appended: number): number {
  return appended + segmentSize - (appended % segmentSize);
}

/** Whether a segment would get too many tags, or is full though its number says otherwise. */
function exceeds({ keys, tags }: Filling, added: NewVector): boolean {
  if (keys.length === 0) return false;
  return keys.length >= segmentSize || new Set([...tags, ...added.tags]).size > mostTags;
}

function segmentOf(
  { lap, keys, ends, tags, vectors }: Filling,
  appended: number,
  dimensions: number,
): Segment {
  const packed = new Float32Array(keys.length * dimensions);
  vectors.forEach((vector, index) => {
    packed.set(vector, index * dimensions);
  });
  return { alikeSegment: 1, lap, appended, keys, ends, tags: [...tags], vectors: packed };
}

/** The latest end; 0 = never. */
function latest(ends: readonly number[]): number {
  return ends.includes(0) ? 0 : Math.max(...ends);
}
