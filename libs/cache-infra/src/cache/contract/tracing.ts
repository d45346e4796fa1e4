import type { CacheOperation } from './monitor.js';

/**
 * A call of a cache, as tracers and the subscribers of the diagnostics channel `nestjs-cache-infra:operation` get it.
 * The facts of its outcome are there once the call has ended.
 */
export interface TracedCall {
  /** The name of the cache. */
  readonly cache: string;
  /** The path of the namespace; '' = the cache itself. */
  readonly namespace: string;
  readonly operation: CacheOperation;
  /** The key of a call for one key. Never use it as the label of a metric. */
  readonly key: string | undefined;
  /** The keys of a call for many, at most 20 of them; empty for a call without keys. */
  readonly keys: readonly string[];
  /** The number of keys. */
  readonly keyCount: number;
  /** The call stands for this many: L1 hits are sampled. 1 = for itself. */
  readonly sampleEvery: number;
  /** Whether all keys were hits; undefined = the call reads no value. */
  readonly hit: boolean | undefined;
  /** The tier of the (last) hit. */
  readonly tier: 'l1' | 'l2' | undefined;
  /** Keys that were hits. */
  readonly hits: number;
  /** Keys that were misses. */
  readonly misses: number;
  /** Whether the call got a stale value. */
  readonly stale: boolean;
  /** Whether the call joined a load of another call. */
  readonly coalesced: boolean;
  /** The load that the call started or joined. */
  readonly load: TracedLoad | undefined;
  /** The ttl that a `set` stores with, seconds; 0 = never expires. */
  readonly ttl: number | undefined;
  /** Estimated bytes of the value in memory; undefined = the call has none. It is computed when it is read. */
  readonly size: number | undefined;
  /** Host and port of the Redis behind the cache; undefined = none, or several. */
  readonly peer: TracedPeer | undefined;
}

/** Where the answer of a load came from. */
export type LoadSource = 'loader' | 'l2' | 'stale' | 'other-instance';

/**
 * Why a loaded value was not stored: `absent` = the loader returned `undefined`; `skipped` = it called `skipStore()`;
 * `superseded` = its key or a tag of it was changed meanwhile; `replica-lag` = it may come from before an invalidation;
 * `unstorable` = its kind, size or tags; `outdated` = Redis holds a value of a newer version; `refused` = Redis did not
 * take it, because the key was changed elsewhere or the write failed.
 */
export type NotStoredReason =
  'absent' | 'skipped' | 'superseded' | 'replica-lag' | 'unstorable' | 'outdated' | 'refused' | 'disabled';

/**
 * A load, from the look into Redis to the stored value, as tracers and the subscribers of the diagnostics channel
 * `nestjs-cache-infra:load` get it. A loader of many keys is one load. The facts of its outcome are there once it has
 * ended.
 */
export interface TracedLoad {
  /** The name of the cache. */
  readonly cache: string;
  /** The path of the namespace; '' = the cache itself. */
  readonly namespace: string;
  /** The key of a load of one key. Never use it as the label of a metric. */
  readonly key: string | undefined;
  /** The keys of the load, at most 20 of them. */
  readonly keys: readonly string[];
  /** The number of keys. */
  readonly keyCount: number;
  /** Whether the load asks for the lease of its key (`lock`). */
  readonly lock: boolean;
  /** Whether a hit started the load (`refreshAhead`): no caller waits for it. */
  readonly background: boolean;
  /** Whether the load ignores cached values (`forceRefresh`). */
  readonly forced: boolean;
  /** The tiers that were looked at before the loader, in order. */
  readonly tiers: readonly ('l1' | 'l2')[];
  /** Whether this instance got the lease. */
  readonly leased: boolean;
  /** Milliseconds of waiting for the lease of another instance. */
  readonly leaseWaitMs: number;
  /** Callers that joined the load so far. */
  readonly joined: number;
  /** Where the answer came from; undefined = the load failed. */
  readonly from: LoadSource | undefined;
  /** The error of a loader whose callers got a stale value. */
  readonly failure: unknown;
  /** Whether the value was stored; undefined = there is no new value, or the load is one of many keys. */
  readonly stored: boolean | undefined;
  /** Why the value was not stored. */
  readonly notStored: NotStoredReason | undefined;
  /** The ttl of the stored value, seconds; 0 = never expires. */
  readonly ttl: number | undefined;
  /** Estimated bytes of the value in memory. It is computed when it is read. */
  readonly size: number | undefined;
  /** Host and port of the Redis behind the cache; undefined = none, or several. */
  readonly peer: TracedPeer | undefined;
}

/** The address of a Redis server. */
export interface TracedPeer {
  readonly address: string;
  readonly port: number;
}

/**
 * Makes spans of calls and loads, or measures calls. A tracer that throws, or that does not run the work, changes
 * nothing for the caller.
 *
 * `call` and `load` must call `work` synchronously, once, in whatever context its own calls belong to.
 */
export interface CacheTracer {
  /** One L1 hit, and one set of a cache without Redis, in this many is traced; 0 = none. Other calls are all traced. */
  readonly sampleEvery: number;
  /** Whether an L1 hit that is due would be traced now. Default: true. */
  wantsHit?(): boolean;
  /** Whether `call` and `load` would trace work that begins now. False: the work runs outside them. Default: true. */
  wantsWork?(): boolean;
  /** Traces a call. Without it, calls come to `ended`. */
  call?(call: TracedCall, work: () => Promise<unknown>): void;
  /** Traces a load. Default: loads are not traced. */
  load?(load: TracedLoad, work: () => Promise<unknown>): void;
  /** Traces a call that has ended, and that `call` has not traced. `start`: its beginning, by `performance.now()`. */
  ended(call: TracedCall, start: number): void;
}
