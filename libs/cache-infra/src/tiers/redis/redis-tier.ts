import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { InfrastructureError } from '../../base/errors.js';
import type { Codec, DecodedEntry, EntryMeta } from '../../codec/codec.js';
import type { Clock } from '../../base/clock.js';
import { Turn } from '../../base/turn.js';
import { redisLiteral } from '../../keys/glob.js';
import { versionId } from '../../codec/header.js';
import type { OwnChange } from './own-changes.js';
import { integerOf, databaseOf, isCluster } from './client.js';
import type { SendOptions } from './command-window.js';
import type { RedisConnection } from './connection.js';
import { failureKind, isTemporary } from './errors.js';
import { unwanted, type RedisExecutor, type ScriptArguments } from './executor.js';
import { ServerClock } from './server-clock.js';
import {
  catchUpScript,
  markClearedScript,
  removeDeadScript,
  removeScript,
  setScript,
  tagTableScript,
} from './scripts.js';
import { tagChannel } from './tag-channel.js';

/** An entry as Redis held it. */
export interface StoredEntry {
  readonly value: unknown;
  readonly meta: EntryMeta;
}

/** What this process knows of the tag table when it asks. */
export interface TagQuestion {
  /** All changes up to this epoch are known; 0 = none is. */
  readonly since: number;
  /** The epoch of an entry in Redis that the table ought to reach up to; 0 = none. */
  readonly claim: number;
  /** The latest epoch that this process gave by itself, while Redis did not answer; 0 = none. */
  readonly ahead: number;
}

/** What changed in the tag table since the epoch asked about. */
export interface TagNews {
  /** 0 = there is no table: no tag was ever invalidated. */
  readonly latest: number;
  readonly floor: number;
  /** The table was made by this very call. */
  readonly made: boolean;
  /** The table's epoch before this call. */
  readonly before: number;
  /** The epoch up to which `invalidated` tells all; the rest has to be asked for. */
  readonly upTo: number;
  readonly invalidated: readonly (readonly [tag: string, epoch: number])[];
}

/** A pattern or scope that is cleared. */
export interface Clear {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch; undefined = now. */
  readonly at?: number | undefined;
}

/** A pattern or scope that an instance cleared. */
export interface Cleared {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch. */
  readonly at: number;
}

/** A change from the time of an outage. */
export interface LateChange {
  readonly redisKey: string;
  /** When it was made, by Redis's clock, milliseconds since the epoch. */
  readonly stamp: number;
  /** How far off `stamp` may be, milliseconds. */
  readonly errorMs: number;
  /** Undefined = a delete. */
  readonly set?: { readonly bytes: Buffer; readonly ttlMs: number } | undefined;
  /** A delete is remembered, for sets of other instances that were made before it. */
  readonly forGood: boolean;
  /** Asked before it is sent once more. */
  readonly isWanted?: (() => boolean) | undefined;
}

/** The keys beside an entry's: all of one slot. */
export interface SiblingKeys {
  /** Protects loads of the entry. */
  readonly guardKeyOf: (redisKey: string) => string;
  /** Remembers when it was deleted. */
  readonly tombstoneOf: (redisKey: string) => string;
}

export interface RedisTierOptions {
  readonly tagTableKey: string;
  /** Remembers what was cleared. */
  readonly clearedKey: string;
  /** What stands for all keys there. */
  readonly clearedEverything: string;
  /** Milliseconds that deletes and clears are remembered; 0 = they are not. */
  readonly horizonMs: number;
  readonly siblings: SiblingKeys;
  readonly maxTags: number;
  readonly clock: Clock;
  /** Writes ask the server to tell of later changes to the key (coherence by tracking). */
  readonly trackWrites: boolean;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
  /** A stored value could not be read; unless another instance could read it, it is being removed. */
  readonly onCorrupt: (redisKey: string, reason: string) => void;
}

/** An entry that was read and found to be invalid: where it stands, and which it was. */
export interface DeadEntry {
  readonly redisKey: string;
  /** Of loads of its key. */
  readonly guard: string;
  readonly stamp: number;
  readonly nonce: number;
}

type Stored = StoredEntry | undefined;

/** A read that goes out at the end of this turn of the event loop. */
interface WaitingRead {
  readonly redisKey: string;
  readonly resolve: (entry: Stored | Promise<Stored>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a write is done for: what was done since may have made it out of date. */
export interface Supersedable {
  readonly superseded: boolean;
}

/** A write that goes out at the end of this turn of the event loop. */
interface WaitingWrite {
  readonly redisKey: string;
  readonly guard: string;
  readonly bytes: Buffer;
  readonly ttlMs: number;
  /** Looked at when it is sent. */
  readonly work: Supersedable;
  /** False: it was not sent. */
  readonly resolve: (isWritten: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads of one command at most. */
const readBatch = 100;
/** Writes of one script at most, and their bytes: Redis serves nobody else meanwhile, and we have the answers to some while it works on others. */
const writeBatch = { count: 16, bytes: 256 * 1024 };
/** How often a write is sent that Redis found to be too late, because its time was not known well or it had a long queue. */
const mostAttempts = 3;
/** Entries decoded between two looks at the time. */
const decodedAtOnce = 16;
/** Clears remembered at most; more become one that covers everything. */
const maxCleared = 1000;
/** Entries that one script removes. */
const removeBatch = 100;
/** Keys of one `MGET` or `UNLINK`: many, but not so many that Redis serves nobody else meanwhile. */
const batchSize = 500;
/** What one `SCAN` step looks at. */
const scanCount = 1000;

/**
 * The L2: entries in Redis. Speaks Redis keys and entries, knows nothing of namespaces, loads or L1. Every method
 * rejects with `InfrastructureError` when Redis is away or does not answer.
 */
export class RedisTier {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly codec: Codec;
  /** All instances stamp their entries in Redis's time. */
  readonly clock: ServerClock;
  readonly #options: RedisTierOptions;
  readonly #tagChannel: string;
  /** When this instance cleared what, by Redis's clock. */
  readonly #ownClears = new Map<string, number>();
  #reads: WaitingRead[] = [];
  #writes: WaitingWrite[] = [];

  constructor(connection: RedisConnection, gate: RedisExecutor, codec: Codec, options: RedisTierOptions) {
    this.connection = connection;
    this.executor = gate;
    this.codec = codec;
    this.#options = options;
    const { client, clientPrefix } = connection;
    this.#tagChannel = tagChannel(clientPrefix + options.tagTableKey, databaseOf(client));
    this.clock = new ServerClock(gate, options.clock);
  }

  /** Connected, and not behind an open breaker. */
  get inService(): boolean {
    return this.connection.status === 'ready' && this.executor.breakerState === 'closed';
  }

  /** Reads of one turn of the event loop go as one command. */
  read(redisKey: string): Promise<StoredEntry | undefined> {
    return new Promise((resolve, reject) => {
      this.#sendSoon();
      this.#reads.push({ redisKey, resolve, reject });
    });
  }

  /** In the order of `redisKeys`; a promise for what is decoded off the event loop. */
  async readMany(redisKeys: readonly string[]): Promise<(Stored | Promise<Stored>)[]> {
    const batches = this.#batches(redisKeys);
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

  /**
   * Stores an entry, and ends loads of its key by removing their `guard`: what they bring is from before it, also when it is gone by
   * then. `ttlMs` 0 = never expires. False when `work` was superseded before it was sent.
   */
  write(redisKey: string, guard: string, bytes: Buffer, ttlMs: number, work: Supersedable): Promise<boolean> {
    // A client of the user's own may send a command once more after a reconnect: the script knows when it is too late.
    // Else no script: in broadcast mode the server would tell of the write of one.
    if (!this.#options.trackWrites && this.connection.owned) return this.#set(redisKey, guard, bytes, ttlMs);
    return new Promise((resolve, reject) => {
      this.#sendSoon();
      this.#writes.push({ redisKey, guard, bytes, ttlMs, work, resolve, reject });
    });
  }

  /**
   * Removes entries, and ends loads of them by removing their guards: what those store afterwards is refused. `forGood`: remembers that
   * they were deleted. Tells for each whether it existed.
   */
  async remove(redisKeys: readonly string[], { forGood }: { forGood: boolean }): Promise<boolean[]> {
    const { horizonMs, siblings } = this.#options;
    const leavesTombstones = forGood && horizonMs > 0;
    const existed = new Map<string, boolean>();
    const batches = this.#batches(redisKeys, removeBatch);
    await Promise.all(
      batches.map(async (keys) => {
        const tombstones = leavesTombstones ? keys.map(siblings.tombstoneOf) : [];
        const flags = await this.#removeTogether(keys, [...keys.map(siblings.guardKeyOf), ...tombstones]);
        keys.forEach((key, i) => existed.set(key, flags[i] === '1'));
      }),
    );
    return redisKeys.map((key) => existed.get(key) === true);
  }

  /** '1' for each key that existed, else '0'. */
  async #removeTogether(keys: readonly string[], besides: readonly string[]): Promise<string> {
    const args = [keys.length, this.#options.horizonMs];
    const own = this.#options.changing(keys);
    let flags = '';
    try {
      flags = String(await this.executor.script('UNLINK', removeScript, [...keys, ...besides], args));
    } finally {
      // The server tells of no change where there was nothing to remove.
      if (flags === '' || flags.includes('0')) own.withdraw();
    }
    return flags;
  }

  /** How many of them existed. */
  async delete(redisKeys: readonly string[]): Promise<number> {
    const counts = await Promise.all(
      this.#batches(redisKeys).map((keys) =>
        this.executor.call('UNLINK', (client) => client.unlink(...keys)),
      ),
    );
    return counts.reduce((sum, count) => sum + integerOf(count), 0);
  }

  /** Hands every key that `glob` (Redis's kind) finds and `matches` confirms to `visit`, page by page. */
  async scan(
    glob: string,
    matches: (redisKey: string) => boolean,
    visit: (redisKeys: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const { clientPrefix } = this.connection;
    const pattern = redisLiteral(clientPrefix) + glob;
    const scanOne = async (master: Redis): Promise<void> => {
      let cursor = '0';
      do {
        const from = cursor;
        const [next, keys] = await this.executor.call('SCAN', () =>
          master.scan(from, 'MATCH', pattern, 'COUNT', scanCount),
        );
        cursor = next;
        // The pattern has found only keys that begin with the prefix.
        const confirmed = keys.map((key) => key.slice(clientPrefix.length)).filter(matches);
        if (confirmed.length > 0) await visit(confirmed);
      } while (cursor !== '0');
    };
    await Promise.all(this.executor.masters().map(scanOne));
  }

  /** Every key that `glob` (Redis's kind) finds, page by page, one server after the other; the next page is asked for when it is wanted. */
  async *pages(glob: string): AsyncGenerator<readonly string[], void> {
    const { clientPrefix } = this.connection;
    const pattern = redisLiteral(clientPrefix) + glob;
    // A Cluster is known when it is connected.
    if (this.connection.status !== 'ready') await this.ping();
    for (const master of this.executor.masters()) {
      let cursor = '0';
      do {
        const from = cursor;
        const [next, keys] = await this.executor.call('SCAN', () =>
          master.scan(from, 'MATCH', pattern, 'COUNT', scanCount),
        );
        cursor = next;
        yield keys.map((key) => key.slice(clientPrefix.length));
      } while (cursor !== '0');
    }
  }

  /** Makes a change from the time of an outage, unless the key was written or deleted since. Returns whether the change was made. */
  async catchUp({ redisKey, stamp, errorMs, set, forGood, isWanted }: LateChange): Promise<boolean> {
    const { siblings, horizonMs } = this.#options;
    const keys = [redisKey, siblings.guardKeyOf(redisKey), siblings.tombstoneOf(redisKey)];
    const moments = [sixBytes(stamp + errorMs), sixBytes(stamp - errorMs)];
    const args = [...moments, set?.bytes ?? '', set?.ttlMs ?? 0, forGood ? horizonMs : 0];
    const reply = await this.executor.script('catch up', catchUpScript, keys, args, isWanted);
    return reply !== unwanted && integerOf(reply) === 1;
  }

  /** Remembers that what the marks stand for was cleared, and tells the others: their sets from before it are out of date. */
  async markCleared(marks: readonly Clear[]): Promise<void> {
    const { clearedKey, clearedEverything, horizonMs } = this.#options;
    if (horizonMs === 0) return;
    const pairs = marks.flatMap(({ mark, at }) => [mark, at ?? '']);
    const args = [horizonMs, maxCleared, clearedEverything, ...pairs];
    const moments = await this.executor.script('mark cleared', markClearedScript, [clearedKey], args);
    for (const [i, at] of (moments as string[]).entries()) {
      this.#ownClears.set((marks[i] as Clear).mark, Number(at));
      if (this.#ownClears.size > maxCleared) this.#ownClears.delete(first(this.#ownClears.keys()));
    }
  }

  /** What other instances cleared within the horizon: what this one cleared it knows by the order of its changes. */
  async cleared(): Promise<Cleared[]> {
    if (this.#options.horizonMs === 0) return [];
    const pairs = await this.executor.call('ZRANGEBYSCORE', (client) =>
      client.zrangebyscore(this.#options.clearedKey, '-inf', '+inf', 'WITHSCORES'),
    );
    // A client of the user's own may give pairs, as RESP3 does.
    const reply = pairs.flat();
    const all: Cleared[] = [];
    for (let i = 0; i < reply.length; i += 2) all.push({ mark: String(reply[i]), at: Number(reply[i + 1]) });
    return all.filter(({ mark, at }) => this.#ownClears.get(mark) !== at);
  }

  /** Tells what changed in the tag table, as much as one script should; `make`: there is to be one. */
  tagNews(question: TagQuestion, make: boolean): Promise<TagNews> {
    // A full table in two pages.
    return this.#tagTable(question, make, Math.ceil(this.#options.maxTags / 2) + 1, []);
  }

  /** Invalidates `tags`, at an epoch later than any; tells no other changes. */
  invalidateTags(question: TagQuestion, tags: readonly string[]): Promise<TagNews> {
    return this.#tagTable(question, true, 0, tags);
  }

  /** Removes entries that were read and are invalid, unless they changed since or a load is under way for their key. */
  async removeDead(dead: readonly DeadEntry[]): Promise<void> {
    // In a Cluster a script may touch one slot only.
    const atOnce = isCluster(this.connection.client) ? 1 : dead.length;
    const calls: Promise<void>[] = [];
    for (let i = 0; i < dead.length; i += atOnce)
      calls.push(this.#removeDeadTogether(dead.slice(i, i + atOnce)));
    await Promise.all(calls);
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.executor.call('PUBLISH', (client) => client.publish(channel, message));
  }

  async ping(): Promise<void> {
    await this.executor.call('PING', (client) => client.ping());
  }

  /** The entry that bytes under this key hold; unreadable ones are told of, and removed unless another instance could read them. */
  decode(redisKey: string, bytes: Buffer): StoredEntry | undefined | Promise<StoredEntry | undefined> {
    const decoded = this.codec.decode(bytes, redisKey);
    return decoded instanceof Promise
      ? decoded.then((entry) => this.#readable(redisKey, entry))
      : this.#readable(redisKey, decoded);
  }

  close(): void {
    this.executor.close();
    this.connection.close();
  }

  async #removeDeadTogether(dead: readonly DeadEntry[]): Promise<void> {
    const keys = dead.map(({ redisKey }) => redisKey);
    const guards = dead.map(({ guard }) => guard);
    const versions = dead.map(({ stamp, nonce }) => versionId(stamp, nonce));
    const own = this.#options.changing(keys);
    let removed: unknown;
    try {
      removed = await this.executor.script('UNLINK', removeDeadScript, [...keys, ...guards], versions);
    } finally {
      if (removed === undefined || integerOf(removed) !== dead.length) own.withdraw();
    }
  }

  async #tagTable(
    { since, claim, ahead }: TagQuestion,
    make: boolean,
    page: number,
    tags: readonly string[],
  ): Promise<TagNews> {
    const { tagTableKey: key, maxTags } = this.#options;
    const args = [since, claim, ahead, maxTags, make ? '1' : '0', this.#tagChannel, page, ...tags];
    const reply = (await this.executor.script('tag table', tagTableScript, [key], args)) as string[];
    const [latest, floor, made, before, upTo] = reply;
    const invalidated: [string, number][] = [];
    for (let i = 5; i < reply.length; i += 2) invalidated.push([reply[i] as string, Number(reply[i + 1])]);
    return {
      latest: Number(latest),
      floor: Number(floor),
      made: made === '1',
      before: Number(before),
      upTo: Number(upTo),
      invalidated,
    };
  }

  #sendSoon(): void {
    if (this.#reads.length === 0 && this.#writes.length === 0) process.nextTick(this.#send);
  }

  /** What was written in this turn of the event loop, then what was asked for. */
  readonly #send = (): void => {
    const [reads, writes] = [this.#reads, this.#writes];
    this.#reads = [];
    this.#writes = [];
    if (writes.length > 0) this.#sendWrites(writes);
    const [first] = reads;
    if (reads.length === 1 && first !== undefined) this.#readOne(first, { alone: writes.length === 0 });
    else {
      for (let i = 0; i < reads.length; i += readBatch) this.#sendTogether(reads.slice(i, i + readBatch));
    }
  };

  async #set(redisKey: string, guard: string, bytes: Buffer, ttlMs: number): Promise<boolean> {
    const [, reply] = await Promise.all([
      this.executor.call('UNLINK', (client) => client.unlink(guard)),
      this.executor.call('SET', (client) =>
        ttlMs === 0 ? client.set(redisKey, bytes) : client.set(redisKey, bytes, 'PX', ttlMs),
      ),
    ]);
    return reply === 'OK';
  }

  #sendWrites(writes: readonly WaitingWrite[]): void {
    // In a Cluster a script may touch one slot only.
    const count = isCluster(this.connection.client) ? 1 : writeBatch.count;
    let batch: WaitingWrite[] = [];
    let bytes = 0;
    for (const write of writes) {
      if (write.work.superseded) {
        write.resolve(false);
        continue;
      }
      if (batch.length === count || (batch.length > 0 && bytes + write.bytes.length > writeBatch.bytes)) {
        this.#writeTogether(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(write);
      bytes += write.bytes.length;
    }
    if (batch.length > 0) this.#writeTogether(batch);
  }

  #writeTogether(writes: readonly WaitingWrite[], attempt = 1): void {
    const keys = [...writes.map(({ redisKey }) => redisKey), ...writes.map(({ guard }) => guard)];
    // The deadline is made when the script is sent, which is after it has waited for its turn.
    const args: ScriptArguments[number][] = [this.#deadline, this.#options.trackWrites ? '1' : '0'];
    for (const { bytes, ttlMs } of writes) args.push(bytes, ttlMs);
    const areWanted = (): boolean => writes.every(({ work }) => !work.superseded);
    const own = this.#options.changing(keys.slice(0, writes.length));
    this.executor.script('SET', setScript, keys, args, areWanted).then(
      (reply) => {
        if (reply === unwanted || integerOf(reply) === 0) own.withdraw();
        if (reply === unwanted) this.#writeApart(writes);
        else if (integerOf(reply) === 0) this.#writeAgain(writes, attempt);
        else for (const { resolve } of writes) resolve(true);
      },
      (error: unknown) => {
        own.withdraw();
        // One of them may be at fault, or Redis may have had room for some: each is told for itself.
        if (writes.length > 1 && !isTemporary(failureKind(error))) this.#writeApart(writes);
        else for (const { reject } of writes) reject(error);
      },
    );
  }

  /**
   * Until when a script that is sent now may store, by Redis's clock; 0 = for ever, where that is not known.
   *
   * What is given up here is made up for from the journal: it must not take effect later as well, by a client that sends again, or by a
   * connection whose last bytes arrive after it was given up. What is not known of Redis's time is added.
   */
  readonly #deadline = (): number => {
    if (this.clock.isRefused) return 0;
    this.clock.improve();
    return Math.floor(this.clock.now() + latestMs(this.executor.commandTimeoutMs) + this.clock.errorMs);
  };

  /** Redis has not stored them: it got them after the deadline, or is not at the time it was taken to be at. */
  #writeAgain(writes: readonly WaitingWrite[], attempt: number): void {
    const giveUp = (error: unknown): void => {
      for (const { reject } of writes) reject(error);
    };
    this.clock.doubt().then(() => {
      if (attempt === mostAttempts) giveUp(tooLate());
      else if (writes.some(({ work }) => work.superseded)) this.#writeApart(writes);
      else this.#writeTogether(writes, attempt + 1);
    }, giveUp);
  }

  #writeApart(writes: readonly WaitingWrite[]): void {
    for (const write of writes) {
      if (write.work.superseded) write.resolve(false);
      else this.#writeTogether([write]);
    }
  }

  #sendTogether(waiting: readonly WaitingRead[]): void {
    this.readMany(waiting.map(({ redisKey }) => redisKey)).then(
      (entries) => {
        for (const [i, { resolve }] of waiting.entries()) resolve(entries[i]);
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  #getMany(redisKeys: readonly string[]): Promise<(Buffer | null)[]> {
    return this.executor.call('MGET', (client) => client.mgetBuffer(redisKeys as string[]));
  }

  /** Lets others have their turn where there is much to decode. */
  async #decodeAll(
    redisKeys: readonly string[],
    replies: readonly (Buffer | null)[],
  ): Promise<(Stored | Promise<Stored>)[]> {
    const entries: (Stored | Promise<Stored>)[] = [];
    const turn = new Turn();
    for (let i = 0; i < redisKeys.length; i++) {
      const bytes = replies[i] ?? null;
      const entry = bytes === null ? undefined : this.decode(redisKeys[i] as string, bytes);
      // It may fail while others are decoded; whoever gets it hears of it.
      if (entry instanceof Promise) entry.catch(ignore);
      entries.push(entry);
      if (i % decodedAtOnce === decodedAtOnce - 1 && turn.isOver) await turn.next();
    }
    return entries;
  }

  #readOne({ redisKey, resolve, reject }: WaitingRead, options: SendOptions): void {
    this.executor
      .call('GET', (client) => client.getBuffer(redisKey), options)
      .then(
        (bytes) => {
          resolve(bytes === null ? undefined : this.decode(redisKey, bytes));
        },
        (error: unknown) => {
          if (failureKind(error) !== 'wrongtype') {
            reject(error);
            return;
          }
          // Not an entry of ours: as unreadable as any foreign bytes.
          this.#discard(redisKey, 'format');
          resolve(undefined);
        },
      );
  }

  /** Keys that one command may name: not too many, and in a Cluster all of one slot. */
  #batches(redisKeys: readonly string[], size = batchSize): readonly (readonly string[])[] {
    if (!isCluster(this.connection.client)) return chunks(redisKeys, size);
    const bySlot = new Map<number, string[]>();
    for (const key of redisKeys) {
      const slot = calculateSlot(this.connection.clientPrefix + key);
      const keys = bySlot.get(slot);
      if (keys === undefined) bySlot.set(slot, [key]);
      else keys.push(key);
    }
    return [...bySlot.values()].flatMap((keys) => chunks(keys, size));
  }

  #readable(redisKey: string, entry: DecodedEntry): StoredEntry | undefined {
    if (entry.ok) return entry;
    // Another instance may hold the key to it.
    if (entry.reason === 'encrypted' || entry.reason === 'unknown-key')
      this.#options.onCorrupt(redisKey, entry.reason);
    else this.#discard(redisKey, entry.reason);
    return undefined;
  }

  #discard(redisKey: string, reason: string): void {
    this.#options.onCorrupt(redisKey, reason);
    this.#removeTogether([redisKey], []).catch(ignore);
  }
}

/** How long after it was sent a write may take effect: a little less than it is waited for, since Redis's time is known to a few milliseconds. */
function latestMs(commandTimeoutMs: number): number {
  return Math.max(commandTimeoutMs / 2, commandTimeoutMs - 20);
}

function tooLate(): InfrastructureError {
  const details = { kind: 'timeout' };
  return new InfrastructureError('Redis command failed (SET): it got there too late', { details });
}

/** Milliseconds as entries carry them: such texts compare as the numbers do. */
function sixBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return bytes;
}

function first<T>(items: Iterable<T>): T {
  const [item] = items;
  return item as T;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let i = 0; i < items.length; i += size) all.push(items.slice(i, i + size));
  return all;
}

function ignore(): void {
  // Unreadable bytes that could not be removed now are a miss again at the next read, and removed then.
}
