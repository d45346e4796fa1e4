import { Turn } from '../../base/turn.js';
import { versionIdOf } from '../../codec/entry-head.js';
import type { BaselineRequest, StoredEntry } from '../remote-tier.js';
import type { RedisConnection } from './connection.js';
import type { EntryDecoder } from './entry-decoder.js';
import { failureKind } from './errors.js';
import type { RedisExecutor } from './executor.js';
import { keyBatches } from './key-batches.js';

/** Reads of one command at most. */
const readBatch = 100;
/** Entries decoded between two looks at the time. */
const decodedAtOnce = 16;

type Stored = StoredEntry | undefined;

interface WaitingRead {
  readonly redisKey: string;
  readonly baseline: BaselineRequest | undefined;
  readonly resolve: (entry: Stored | Promise<Stored>) => void;
  readonly reject: (error: unknown) => void;
}

export interface ReadBatchesDeps {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly entries: EntryDecoder;
  /** The moment of the latest clear, which loads compare. */
  readonly latestClearKey: string;
}

/**
 * Collects the reads of one turn of the event loop, and sends them as one command: `MGET`, or `GET` for a single read.
 */
export class ReadBatches {
  readonly #deps: ReadBatchesDeps;
  #waiting: WaitingRead[] = [];

  constructor(deps: ReadBatchesDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Waits for `send`. */
  add(redisKey: string, baseline: BaselineRequest | undefined): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ redisKey, baseline, resolve, reject });
    });
  }

  /** Sends the waiting reads; `alone`: no other command of this turn precedes them. */
  send({ alone }: { alone: boolean }): void {
    const reads = this.#waiting;
    this.#waiting = [];
    const [only] = reads;
    if (reads.length === 1 && only !== undefined && only.baseline === undefined) this.#readOne(only, alone);
    else {
      for (let i = 0; i < reads.length; i += readBatch) this.#readTogether(reads.slice(i, i + readBatch));
    }
  }

  /**
   * Sends at once. Returns the entries in the order of `redisKeys`; a promise for each entry that is decoded off the
   * event loop. `baselines`: in that order; none in a Cluster.
   */
  async readMany(
    redisKeys: readonly string[],
    baselines: readonly (BaselineRequest | undefined)[] = [],
  ): Promise<(Stored | Promise<Stored>)[]> {
    if (baselines.some((baseline) => baseline !== undefined))
      return this.#readWithBaselines(redisKeys, baselines);
    const batches = keyBatches(this.#deps.connection, redisKeys);
    const [only] = batches;
    if (batches.length === 1 && only !== undefined)
      return this.#decodeAll(redisKeys, await this.#getMany(only));
    const replies = await Promise.all(batches.map((keys) => this.#getMany(keys)));
    const found = new Map<string, Buffer | null>();
    batches.forEach((keys, b) => {
      keys.forEach((key, i) => found.set(key, replies[b]?.[i] ?? null));
    });
    return this.#decodeAll(
      redisKeys,
      redisKeys.map((key) => found.get(key) ?? null),
    );
  }

  #readOne({ redisKey, resolve, reject }: WaitingRead, alone: boolean): void {
    const { executor, entries } = this.#deps;
    executor
      .call('GET', (client) => client.getBuffer(redisKey), { alone })
      .then(
        (bytes) => {
          resolve(bytes === null ? undefined : entries.decode(redisKey, bytes));
        },
        (error: unknown) => {
          if (failureKind(error) !== 'wrongtype') {
            reject(error);
            return;
          }
          // A key of another type holds no entry: it counts as unreadable bytes.
          entries.discard(redisKey, 'format');
          resolve(undefined);
        },
      );
  }

  #readTogether(reads: readonly WaitingRead[]): void {
    const redisKeys = reads.map(({ redisKey }) => redisKey);
    const baselines = reads.map(({ baseline }) => baseline);
    this.readMany(redisKeys, baselines).then(
      (entries) => {
        for (const [i, { resolve }] of reads.entries()) resolve(entries[i]);
      },
      (error: unknown) => {
        for (const { reject } of reads) reject(error);
      },
    );
  }

  /** As `readMany`, outside a Cluster, with the traces of earlier changes in the same command. */
  async #readWithBaselines(
    redisKeys: readonly string[],
    baselines: readonly (BaselineRequest | undefined)[],
  ): Promise<(Stored | Promise<Stored>)[]> {
    const keys = [...redisKeys, this.#deps.latestClearKey];
    for (const baseline of baselines) if (baseline !== undefined) keys.push(baseline.tombstoneKey);
    const replies = await this.#getMany(keys);
    const cleared = replies[redisKeys.length] ?? null;
    let next = redisKeys.length + 1;
    for (let i = 0; i < redisKeys.length; i++) {
      const reply = replies[i] ?? null;
      const version = reply === null ? nothing : versionIdOf(reply);
      const baseline = baselines[i];
      if (baseline !== undefined) baseline.answer(version, replies[next++] ?? null, cleared);
    }
    return this.#decodeAll(redisKeys, replies);
  }

  #getMany(redisKeys: readonly string[]): Promise<(Buffer | null)[]> {
    return this.#deps.executor.call('MGET', (client) => client.mgetBuffer(redisKeys as string[]));
  }

  /** Yields to the event loop when there is much to decode. */
  async #decodeAll(
    redisKeys: readonly string[],
    replies: readonly (Buffer | null)[],
  ): Promise<(Stored | Promise<Stored>)[]> {
    const entries: (Stored | Promise<Stored>)[] = [];
    const turn = new Turn();
    for (let i = 0; i < redisKeys.length; i++) {
      const bytes = replies[i] ?? null;
      const entry = bytes === null ? undefined : this.#deps.entries.decode(redisKeys[i] as string, bytes);
      // A rejection while others are decoded is not unhandled: the caller gets the promise.
      if (entry instanceof Promise) entry.catch(ignore);
      entries.push(entry);
      if (i % decodedAtOnce === decodedAtOnce - 1 && turn.isOver) await turn.next();
    }
    return entries;
  }
}

const nothing = Buffer.alloc(0);

function ignore(): void {
  // The caller handles the rejection.
}
