import type { Redis } from 'ioredis';
import type { Codec, EntryMeta } from '../codec/codec.js';
import type { RedisClient } from './redis/options.js';

/**
 * The L2 as the rest of the cache sees it: entries in Redis, under Redis keys. A remote tier knows nothing of
 * namespaces, loads or the L1. Every method that asks Redis rejects with `InfrastructureError` when Redis is
 * unavailable or does not answer.
 */
export interface RemoteTier {
  readonly link: RemoteLink;
  readonly clock: RemoteClock;
  readonly codec: Codec;
  readonly keys: RemoteKeys;
  readonly tagTable: RemoteTagTable;
  readonly lateChanges: RemoteLateChanges;
  readonly leases: RemoteLeases;
  readonly hits: RemoteHits;
  /** For diagnostics. */
  readonly server: RemoteServer;

  /**
   * Reads an entry. Reads of one turn of the event loop are sent as one command. `baseline`: read what a load compares,
   * too.
   */
  read(redisKey: string, baseline?: BaselineRequest): Promise<StoredEntry | undefined>;
  /**
   * Reads entries in the order of `redisKeys`; a promise for each entry that is decoded off the event loop. The writes
   * of this turn of the event loop precede the command. `baselines`: as `baseline` of `read`, in that order.
   */
  readMany(
    redisKeys: readonly string[],
    baselines?: readonly (BaselineRequest | undefined)[],
  ): Promise<(StoredEntry | undefined | Promise<StoredEntry | undefined>)[]>;
  /**
   * Reads the metadata of entries in the order of `redisKeys`, without most of their bytes; undefined = no entry. A
   * damaged value counts as an entry.
   */
  readMeta(redisKeys: readonly string[]): Promise<(EntryMeta | undefined)[]>;
  /**
   * Decodes the bytes under a key; `undefined` for unreadable bytes. Unreadable bytes are reported, and removed unless
   * another instance may be able to read them. A promise only for large compressed values, which are decompressed off
   * the event loop.
   */
  decode(redisKey: string, bytes: Buffer): StoredEntry | undefined | Promise<StoredEntry | undefined>;
  /**
   * Stores an entry, and removes the guard of its loads: a load under way has an older value, and must not store it,
   * even after this entry has gone. Writes of one turn of the event loop are sent together, before its reads.
   */
  write(write: EntryWrite): void;
  /**
   * Removes entries and the guards of their loads, so that a load under way stores nothing. `leavesTombstones`: no
   * older set is replayed later. Returns for each key whether it existed.
   */
  remove(redisKeys: readonly string[], options: { leavesTombstones: boolean }): Promise<boolean[]>;
  /** Removes keys, but neither guards nor tombstones. Returns how many existed. */
  delete(redisKeys: readonly string[]): Promise<number>;
  /** Removes entries that were read and are invalid, unless they changed since or a load is under way for their key. */
  removeDead(dead: readonly DeadEntry[]): Promise<void>;
  /** Rejects pending commands, and closes the connection unless it belongs to the user. */
  close(): void;
}

/** `connecting` until the first attempt has ended either way; then `ready` or `away`. */
export type ConnectionStatus = 'ready' | 'connecting' | 'away';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** The connection to Redis and its circuit breaker. */
export interface RemoteLink {
  /** For messages: host and port, no credentials. */
  readonly address: string;
  /** The prefix that the client puts before every key of a command. */
  readonly clientPrefix: string;
  readonly status: ConnectionStatus;
  readonly breaker: BreakerState;
  /** Connected, and the breaker is closed. */
  readonly inService: boolean;
  /** Why the server does not let this user run a command that the cache needs; undefined = it does. */
  readonly refusal: string | undefined;
  /**
   * Resolves once connected.
   *
   * @throws InfrastructureError when the first attempt fails or takes longer than `timeoutMs`
   */
  connect(timeoutMs: number): Promise<void>;
  /** Loads the scripts into a newly connected server. */
  loadScripts(): Promise<void>;
  ping(): Promise<void>;
}

/**
 * How far off the stamps of instances are taken to be, milliseconds: half a good round trip. A wider margin would let
 * an older set of the journal replace a newer entry.
 */
export const stampErrorMs = 10;

/** Redis's clock, by which all instances stamp their entries. */
export interface RemoteClock {
  /** True once Redis's time is known. */
  readonly isKnown: boolean;
  /** Milliseconds since the epoch by Redis's clock; by this process's clock while Redis's time is unknown. */
  now(): number;
  /** The stamp of an entry written now. Never before an earlier stamp, however the estimate moves. */
  stamp(): number;
  /** A moment of this process's clock by Redis's clock; the same while that is not known. */
  of(ours: number): number;
  /** Asks Redis for its time. Resolves without an answer when this user may not ask. */
  learn(): Promise<void>;
}

/** Walks the keys in Redis, page by page, on every master of a Cluster. Globs are of Redis's kind. */
export interface RemoteKeys {
  /** Hands every key that `glob` finds and `matches` confirms to `visit`. */
  scan(
    glob: string,
    matches: (redisKey: string) => boolean,
    visit: (redisKeys: readonly string[]) => Promise<void>,
  ): Promise<void>;
  /** Every key that `glob` finds. A page is read when the caller asks for it. */
  pages(glob: string): AsyncGenerator<readonly string[], void>;
}

/** What a load asks for together with its entry: see `OptimisticLoads`. */
export interface BaselineRequest {
  readonly tombstoneKey: string;
  /** `version`: of the entry; `cleared`: the moment of the latest clear. Empty or null = none. */
  answer(version: Buffer, tombstone: Buffer | null, cleared: Buffer | null): void;
}

/** A load, as Redis judges it: its value is stored only if nothing was invalidated or set since the load began. */
export interface RemoteLoad {
  readonly redisKey: string;
  /** This load holds the lease of its key. */
  readonly leased: boolean;
  /** The end of the load has been sent to Redis. */
  readonly ended: boolean;
  /** Milliseconds between two renewals; undefined = nothing ends in Redis by itself: a look now and then is enough. */
  readonly renewEveryMs: number | undefined;
  /** Keeps the load known to Redis while its loader runs. False = the key was changed since the load began. */
  renew(): Promise<boolean>;
  /** As `renew`, without a change in Redis. */
  isCurrent(): Promise<boolean>;
  /**
   * Ends the load with its value. `work`: checked when the value is sent. Returns whether it was stored: false = the
   * key was changed since the load began.
   */
  store(bytes: Buffer, ttlMs: number, work: { readonly superseded: boolean }): Promise<boolean>;
  /** Releases the lease of a load whose value is not needed: it goes to the next waiting instance. */
  release(): Promise<void>;
  /** Releases the lease of a load without a value to store: all waiting instances load at once. */
  releaseEmpty(): Promise<void>;
}

/** The tag table in Redis. */
export interface RemoteTagTable {
  /** Returns the changes of the table, as many as one script should; `make`: creates a missing table. */
  news(question: TagQuestion, options: { make: boolean }): Promise<TagNews>;
  /** Invalidates `tags`, at an epoch later than any in the table; returns no other changes. */
  invalidate(question: TagQuestion, tags: readonly string[]): Promise<TagNews>;
}

/** Replays the changes that were made during an outage, and records clears, which a replay must not undo. */
export interface RemoteLateChanges {
  /** Makes a change, unless the key was written or deleted since. Returns whether the change was made. */
  replay(change: LateChange): Promise<boolean>;
  /** Records clears for all instances: a set made before a clear is not replayed after it. */
  markCleared(clears: readonly Clear[]): Promise<void>;
  /** The recorded clears of other instances. */
  clearedElsewhere(): Promise<Cleared[]>;
  /** The clears recorded at a moment or later: milliseconds as text, '-inf' = all, '(' in front = later only. */
  clearedSince(at: string): Promise<Cleared[]>;
  /** True if the key was deleted, or covered by a clear, at this moment of Redis's clock (milliseconds) or later. */
  removedSince(redisKey: string, at: number): Promise<boolean>;
}

/** Leases of locks. A holder is a text that no other caller has. */
export interface RemoteLeases {
  /** Grants the lease, unless another holder has it. */
  acquire(redisKey: string, holder: string, leaseMs: number): Promise<LeaseAnswer>;
  /** Makes the lease last `leaseMs` from now. False = the lease is lost. */
  renew(redisKey: string, holder: string, leaseMs: number): Promise<boolean>;
  /** Ends the lease. False = it was lost before. */
  release(redisKey: string, holder: string): Promise<boolean>;
}

/** The fencing token of a granted lease, or the milliseconds until the lease of the other holder ends. */
export type LeaseAnswer = { readonly token: number } | { readonly leftMs: number };

/** Counts hits towards rate limits, for all instances together. */
export interface RemoteHits {
  count(redisKey: string, limit: HitLimit): Promise<HitCount>;
}

/** A rate limit: at most `limit` hits in any window. */
export interface HitLimit {
  /** Milliseconds that a hit counts. */
  readonly windowMs: number;
  readonly limit: number;
  /** Milliseconds that a key above the limit is blocked; 0 = until its oldest hit ends. */
  readonly blockMs: number;
}

/** The state of a key after a hit. */
export interface HitCount {
  /** The hits that count. */
  readonly hits: number;
  readonly windowLeftMs: number;
  readonly isBlocked: boolean;
  /** 0 = the key is not blocked. */
  readonly blockLeftMs: number;
}

/** Direct access to the servers, for diagnostics: what they are, and commands of any kind. */
export interface RemoteServer {
  /** The servers that hold keys: one, or every master of a Cluster. */
  masters(): readonly Redis[];
  /** Sends a command; `what` names it in errors. */
  call<T>(what: string, send: (client: RedisClient) => Promise<T>): Promise<T>;
}

/** An entry that Redis held. */
export interface StoredEntry {
  readonly value: unknown;
  readonly meta: EntryMeta;
}

/** An entry to be stored, and the callbacks of its caller: exactly one is called, once. */
export interface EntryWrite {
  readonly redisKey: string;
  /** The guard of the loads that this write ends. */
  readonly guard: string;
  readonly bytes: Buffer;
  /** 0 = never expires. */
  readonly ttlMs: number;
  /** A later change of the key supersedes the write: checked when the write is sent. */
  readonly superseded: boolean;
  /** `isWritten`: false when the write was superseded before it was sent. */
  written(isWritten: boolean): void;
  refused(error: unknown): void;
}

/** An entry that was read and found to be invalid: its keys, and its version. */
export interface DeadEntry {
  readonly redisKey: string;
  /** Guard of the loads of its key. */
  readonly guard: string;
  readonly stamp: number;
  readonly nonce: number;
}

/** The part of the tag table that this process knows. */
export interface TagQuestion {
  /** All changes up to this epoch are known; 0 = none. */
  readonly since: number;
  /** The epoch of an entry in Redis that the table should reach; 0 = none. */
  readonly claim: number;
  /** The latest epoch that this process gave by itself, while Redis did not answer; 0 = none. */
  readonly ahead: number;
}

/** The changes of the tag table since the epoch asked about. */
export interface TagNews {
  /** 0 = there is no table: no tag was ever invalidated. */
  readonly latest: number;
  readonly floor: number;
  /** This call made the table. */
  readonly made: boolean;
  /** The table's epoch before this call. */
  readonly before: number;
  /** `invalidated` is complete up to this epoch; later changes need another call. */
  readonly upTo: number;
  readonly invalidated: readonly (readonly [tag: string, epoch: number])[];
}

/** A clear of a pattern or scope, to be recorded. */
export interface Clear {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch; undefined = now. */
  readonly at?: number | undefined;
}

/** A recorded clear of a pattern or scope. */
export interface Cleared {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch. */
  readonly at: number;
}

/** A change that was made during an outage. */
export interface LateChange {
  readonly redisKey: string;
  /** The moment of the change by Redis's clock, milliseconds since the epoch. */
  readonly stamp: number;
  /** Undefined = a delete. */
  readonly set?: { readonly bytes: Buffer; readonly ttlMs: number } | undefined;
  /** A delete leaves a tombstone: sets of other instances that were made before it are not replayed after it. */
  readonly leavesTombstone: boolean;
  /** Asked before the change is sent a second time. */
  readonly isWanted?: (() => boolean) | undefined;
}
