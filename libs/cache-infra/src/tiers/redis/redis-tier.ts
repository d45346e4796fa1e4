import type { Clock } from '../../base/clock.js';
import type { Codec } from '../../codec/codec.js';
import type { RedisConnection } from './connection.js';
import { EntryDecoder, type StoredEntry } from './entry-decoder.js';
import { EntryRemovals, type DeadEntry, type SiblingKeys } from './entry-removals.js';
import type { RedisExecutor } from './executor.js';
import { KeyScan } from './key-scan.js';
import { LateChanges, type Clear, type Cleared, type LateChange } from './late-changes.js';
import type { OwnChange } from './own-changes.js';
import { ReadBatches } from './read-batches.js';
import { ServerClock } from './server-clock.js';
import { TagTableCalls, type TagNews, type TagQuestion } from './tag-table-calls.js';
import { WriteBatches, type EntryWrite, type Supersedable } from './write-batches.js';

export type { StoredEntry } from './entry-decoder.js';
export type { DeadEntry } from './entry-removals.js';
export type { Clear, Cleared, LateChange } from './late-changes.js';
export type { TagNews } from './tag-table-calls.js';

export interface RedisTierOptions {
  readonly tagTableKey: string;
  /** The sorted set of recorded clears. */
  readonly clearedKey: string;
  /** The mark that stands for all keys. */
  readonly clearedEverything: string;
  /** Milliseconds that deletes and clears are remembered; 0 = they are not. */
  readonly horizonMs: number;
  readonly siblings: SiblingKeys;
  readonly maxTags: number;
  readonly clock: Clock;
  /** Writes ask the server to announce later changes to the key (coherence by tracking). */
  readonly trackWrites: boolean;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
  /** A stored value could not be read; it is being removed, unless another instance may be able to read it. */
  readonly onCorrupt: (redisKey: string, reason: string) => void;
}

/**
 * The L2: entries in Redis. Speaks Redis keys and entries, and knows nothing of namespaces, loads or L1. Every method
 * rejects with `InfrastructureError` when Redis is unavailable or does not answer.
 */
export class RedisTier {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly codec: Codec;
  /** All instances stamp their entries in Redis's time. */
  readonly clock: ServerClock;
  readonly #entries: EntryDecoder;
  readonly #reads: ReadBatches;
  readonly #writes: WriteBatches;
  readonly #removals: EntryRemovals;
  readonly #keys: KeyScan;
  readonly #tagTable: TagTableCalls;
  readonly #lateChanges: LateChanges;
  readonly #batchesWrites: boolean;

  constructor(connection: RedisConnection, executor: RedisExecutor, codec: Codec, options: RedisTierOptions) {
    const { siblings, horizonMs, trackWrites, changing, onCorrupt } = options;
    this.connection = connection;
    this.executor = executor;
    this.codec = codec;
    this.clock = new ServerClock(executor, options.clock);
    const removals = new EntryRemovals({ connection, executor, siblings, horizonMs, changing });
    const entries = new EntryDecoder(codec, {
      onCorrupt,
      remove: (redisKey) => removals.removeUnreadable(redisKey),
    });
    this.#entries = entries;
    this.#removals = removals;
    this.#reads = new ReadBatches({ connection, executor, entries });
    this.#writes = new WriteBatches({ connection, executor, clock: this.clock, trackWrites, changing });
    this.#keys = new KeyScan(connection, executor);
    this.#tagTable = new TagTableCalls(connection, executor, options);
    this.#lateChanges = new LateChanges(executor, options);
    // The script of a batch has a deadline, for a client of the user's own that may send a command again after a
    // reconnect. Our client never does, and needs no script; in broadcast mode the server would announce the writes of
    // one.
    this.#batchesWrites = trackWrites || !connection.owned;
  }

  /** Connected, and the breaker is closed. */
  get inService(): boolean {
    return this.connection.status === 'ready' && this.executor.breakerState === 'closed';
  }

  /** Reads of one turn of the event loop are sent as one command. */
  read(redisKey: string): Promise<StoredEntry | undefined> {
    this.#sendSoon();
    return this.#reads.add(redisKey);
  }

  /** In the order of `redisKeys`; a promise for each entry that is decoded off the event loop. */
  readMany(
    redisKeys: readonly string[],
  ): Promise<(StoredEntry | undefined | Promise<StoredEntry | undefined>)[]> {
    return this.#reads.readMany(redisKeys);
  }

  /**
   * The entry that bytes under this key hold; unreadable bytes are reported, and removed unless another instance may be
   * able to read them.
   */
  decode(redisKey: string, bytes: Buffer): StoredEntry | undefined | Promise<StoredEntry | undefined> {
    return this.#entries.decode(redisKey, bytes);
  }

  /**
   * Stores an entry, and removes the `guard` of its loads: a load under way has an older value, and must not store it,
   * even after this entry has gone. `ttlMs` 0 = never expires. Resolves to false when `work` was superseded before the
   * write was sent.
   */
  write(redisKey: string, guard: string, bytes: Buffer, ttlMs: number, work: Supersedable): Promise<boolean> {
    const write = { redisKey, guard, bytes, ttlMs, work };
    if (!this.#batchesWrites) return this.#set(write);
    this.#sendSoon();
    return this.#writes.add(write);
  }

  async #set({ redisKey, guard, bytes, ttlMs }: EntryWrite): Promise<boolean> {
    const [, reply] = await Promise.all([
      this.executor.call('UNLINK', (client) => client.unlink(guard)),
      this.executor.call('SET', (client) =>
        ttlMs === 0 ? client.set(redisKey, bytes) : client.set(redisKey, bytes, 'PX', ttlMs),
      ),
    ]);
    return reply === 'OK';
  }

  #sendSoon(): void {
    if (this.#reads.isEmpty && this.#writes.isEmpty) process.nextTick(this.#send);
  }

  /** Sends the writes of this turn of the event loop, then its reads: a read returns what the same turn has written. */
  readonly #send = (): void => {
    const hasWritten = this.#writes.send();
    this.#reads.send({ alone: !hasWritten });
  };

  /** See `EntryRemovals.remove`. */
  remove(redisKeys: readonly string[], options: { forGood: boolean }): Promise<boolean[]> {
    return this.#removals.remove(redisKeys, options);
  }

  /** Removes keys and nothing that belongs to them. Returns how many existed. */
  delete(redisKeys: readonly string[]): Promise<number> {
    return this.#removals.delete(redisKeys);
  }

  /** Removes entries that were read and are invalid, unless they changed since or a load is under way for their key. */
  removeDead(dead: readonly DeadEntry[]): Promise<void> {
    return this.#removals.removeDead(dead);
  }

  /** See `KeyScan.scan`. */
  scan(
    glob: string,
    matches: (redisKey: string) => boolean,
    visit: (redisKeys: readonly string[]) => Promise<void>,
  ): Promise<void> {
    return this.#keys.scan(glob, matches, visit);
  }

  /** See `KeyScan.pages`. */
  pages(glob: string): AsyncGenerator<readonly string[], void> {
    return this.#keys.pages(glob);
  }

  /** See `LateChanges.catchUp`. */
  catchUp(change: LateChange): Promise<boolean> {
    return this.#lateChanges.catchUp(change);
  }

  /** See `LateChanges.markCleared`. */
  markCleared(clears: readonly Clear[]): Promise<void> {
    return this.#lateChanges.markCleared(clears);
  }

  /** See `LateChanges.cleared`. */
  cleared(): Promise<Cleared[]> {
    return this.#lateChanges.cleared();
  }

  /** See `TagTableCalls.news`. */
  tagNews(question: TagQuestion, make: boolean): Promise<TagNews> {
    return this.#tagTable.news(question, make);
  }

  /** See `TagTableCalls.invalidate`. */
  invalidateTags(question: TagQuestion, tags: readonly string[]): Promise<TagNews> {
    return this.#tagTable.invalidate(question, tags);
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.executor.call('PUBLISH', (client) => client.publish(channel, message));
  }

  async ping(): Promise<void> {
    await this.executor.call('PING', (client) => client.ping());
  }

  close(): void {
    this.executor.close();
    this.connection.close();
  }
}
