import type { Clock } from '../../base/clock.js';
import type { Codec, EntryMeta } from '../../codec/codec.js';
import type { BaselineRequest, DeadEntry, EntryWrite, RemoteTier, StoredEntry } from '../remote-tier.js';
import { isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import { EntryDecoder } from './entry-decoder.js';
import { EntryHeads } from './entry-heads.js';
import { EntryRemovals, type SiblingKeys } from './entry-removals.js';
import type { RedisExecutor } from './executor.js';
import { KeyScan } from './key-scan.js';
import { LateChanges } from './late-changes.js';
import { LockLeases } from './lock-leases.js';
import type { OwnChange } from './own-changes.js';
import { RateHits } from './rate-hits.js';
import { ReadBatches } from './read-batches.js';
import { RedisLink } from './redis-link.js';
import { ServerClock } from './server-clock.js';
import { isShortLived } from './tombstones.js';
import { TagTableCalls } from './tag-table-calls.js';
import { WriteBatches } from './write-batches.js';

export interface RedisTierOptions {
  readonly tagTableKey: string;
  /** The sorted set of recorded clears. */
  readonly clearedKey: string;
  /** The moment of the latest recorded clear. */
  readonly latestClearKey: string;
  /** The mark that stands for all keys. */
  readonly clearedEverything: string;
  /** Milliseconds that deletes and clears are remembered; 0 = they are not. */
  readonly horizonMs: number;
  /** True if the mark of a clear covers the key. */
  readonly covers: (mark: string, redisKey: string) => boolean;
  readonly siblings: SiblingKeys;
  readonly maxTags: number;
  readonly clock: Clock;
  /** Writes ask the server to announce later changes to the key (coherence by tracking). */
  readonly trackWrites: boolean;
  /** The server tells every client of every change (coherence by broadcast). */
  readonly isBroadcast: boolean;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
  /** A stored value could not be read; it is being removed, unless another instance may be able to read it. */
  readonly onCorrupt: (redisKey: string, reason: string) => void;
}

/** The L2 over one Redis client: puts its parts together, and keeps the order of a turn of the event loop. */
export class RedisTier implements RemoteTier {
  readonly connection: RedisConnection;
  readonly server: RedisExecutor;
  readonly link: RedisLink;
  readonly codec: Codec;
  readonly clock: ServerClock;
  readonly keys: KeyScan;
  readonly tagTable: TagTableCalls;
  readonly lateChanges: LateChanges;
  readonly leases: LockLeases;
  readonly hits: RateHits;
  readonly #entries: EntryDecoder;
  readonly #reads: ReadBatches;
  readonly #writes: WriteBatches;
  readonly #removals: EntryRemovals;
  readonly #batchesWrites: boolean;

  constructor(connection: RedisConnection, executor: RedisExecutor, codec: Codec, options: RedisTierOptions) {
    const { siblings, horizonMs, trackWrites, changing, onCorrupt } = options;
    this.connection = connection;
    this.server = executor;
    this.link = new RedisLink(connection, executor);
    this.codec = codec;
    this.clock = new ServerClock(executor, options.clock);
    this.keys = new KeyScan(connection, executor);
    this.tagTable = new TagTableCalls(connection, executor, options);
    const { clearedKey, latestClearKey } = options;
    // In a Cluster a script may touch one slot only.
    const clearedKeys = (): string[] =>
      isCluster(connection.client) ? [clearedKey] : [clearedKey, latestClearKey];
    this.lateChanges = new LateChanges(executor, { ...options, clearedKeys });
    this.leases = new LockLeases(executor);
    this.hits = new RateHits(executor);
    const removals = new EntryRemovals({ connection, executor, siblings, horizonMs, changing });
    const entries = new EntryDecoder(codec, {
      onCorrupt,
      remove: (redisKey) => removals.removeUnreadable(redisKey),
    });
    this.#removals = removals;
    this.#entries = entries;
    this.#reads = new ReadBatches({ connection, executor, entries, latestClearKey });
    this.#writes = new WriteBatches({
      ...{ connection, executor, clock: this.clock, trackWrites, changing, horizonMs },
      tombstoneOf: siblings.tombstoneOf,
    });
    // In broadcast mode the server would announce the writes of a script to their own client. A user's client needs one
    // all the same, for its deadline: the client may send a command again after a reconnect.
    this.#batchesWrites = !options.isBroadcast || !connection.owned;
  }

  read(redisKey: string, baseline?: BaselineRequest): Promise<StoredEntry | undefined> {
    this.#sendSoon();
    return this.#reads.add(redisKey, baseline);
  }

  readMany(
    redisKeys: readonly string[],
    baselines?: readonly (BaselineRequest | undefined)[],
  ): Promise<(StoredEntry | undefined | Promise<StoredEntry | undefined>)[]> {
    this.#writes.send();
    return this.#reads.readMany(redisKeys, baselines);
  }

  readMeta(redisKeys: readonly string[]): Promise<(EntryMeta | undefined)[]> {
    return new EntryHeads(this.server, (keys) => this.readMany(keys)).readMeta(redisKeys);
  }

  decode(redisKey: string, bytes: Buffer): StoredEntry | undefined | Promise<StoredEntry | undefined> {
    return this.#entries.decode(redisKey, bytes);
  }

  write(write: EntryWrite): void {
    // An entry with a short life leaves a trace, which takes a script.
    if (!this.#batchesWrites && !isShortLived(write.ttlMs)) {
      this.#set(write).then(
        (isWritten) => {
          write.written(isWritten);
        },
        (error: unknown) => {
          write.refused(error);
        },
      );
      return;
    }
    this.#sendSoon();
    this.#writes.add(write);
  }

  remove(redisKeys: readonly string[], options: { leavesTombstones: boolean }): Promise<boolean[]> {
    return this.#removals.remove(redisKeys, options);
  }

  delete(redisKeys: readonly string[]): Promise<number> {
    return this.#removals.delete(redisKeys);
  }

  removeDead(dead: readonly DeadEntry[]): Promise<void> {
    return this.#removals.removeDead(dead);
  }

  /** Publishes on the channel of a cache whose coherence is by pub/sub. */
  async publish(channel: string, message: string): Promise<void> {
    await this.server.call('PUBLISH', (client) => client.publish(channel, message));
  }

  close(): void {
    this.server.close();
    this.connection.close();
  }

  async #set({ redisKey, guard, bytes, ttlMs }: EntryWrite): Promise<boolean> {
    const unlinked = this.server.call('UNLINK', (client) => client.unlink(guard));
    const written = this.server.call('SET', (client) =>
      ttlMs === 0 ? client.set(redisKey, bytes) : client.set(redisKey, bytes, 'PX', ttlMs),
    );
    const [reply] = await Promise.all([written, unlinked]);
    return reply === 'OK';
  }

  #sendSoon(): void {
    if (this.#reads.isEmpty && this.#writes.isEmpty) process.nextTick(this.#send);
  }

  /**
   * Sends the writes of this turn of the event loop, then its reads: a read returns the value that the same turn has
   * written.
   */
  readonly #send = (): void => {
    const hasWritten = this.#writes.send();
    this.#reads.send({ alone: !hasWritten });
  };
}
