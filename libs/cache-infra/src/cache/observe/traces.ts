import type { CacheOperation } from '../contract/monitor.js';
import type { LoadSource, NotStoredReason, TracedCall, TracedLoad, TracedPeer } from '../contract/tracing.js';
import { valueBytes } from '../../tiers/memory/entry-size.js';

/** Most keys of a call that tracers get. */
const mostKeys = 20;

/** The place of a call or load. */
export interface TracedPlace {
  readonly cache: string;
  readonly namespace: string;
  readonly peer: TracedPeer | undefined;
}

/** The keys of a call or load. */
abstract class Trace {
  readonly cache: string;
  readonly namespace: string;
  readonly keys: readonly string[];
  readonly keyCount: number;
  readonly peer: TracedPeer | undefined;
  #value: unknown;

  constructor({ cache, namespace, peer }: TracedPlace, keys: readonly string[], keyCount = keys.length) {
    this.cache = cache;
    this.namespace = namespace;
    this.keys = keys.length > mostKeys ? keys.slice(0, mostKeys) : keys;
    this.keyCount = keyCount;
    this.peer = peer;
  }

  get size(): number | undefined {
    return this.#value === undefined ? undefined : valueBytes(this.#value);
  }

  /** The value of the call, for its size. */
  holds(value: unknown): void {
    this.#value = value;
  }
}

/** A call of a cache. The rooms that answer it note their facts here. */
export class CallTrace extends Trace implements TracedCall {
  readonly operation: CacheOperation;
  readonly key: string | undefined;
  readonly sampleEvery: number;
  hits = 0;
  misses = 0;
  tier: 'l1' | 'l2' | undefined;
  stale = false;
  coalesced = false;
  load: TracedLoad | undefined;
  ttl: number | undefined;
  #atEnd: (() => void) | undefined;

  /** `key`: a string for a call of one key; an array for many; undefined for none. Nothing is checked yet. */
  constructor(place: TracedPlace, operation: CacheOperation, key: unknown, sampleEvery = 1) {
    const keys = textsOf(key);
    super(place, keys, Array.isArray(key) ? key.length : keys.length);
    this.operation = operation;
    this.key = typeof key === 'string' ? key : undefined;
    this.sampleEvery = sampleEvery;
  }

  get hit(): boolean | undefined {
    return this.hits + this.misses === 0 ? undefined : this.misses === 0;
  }

  /** Calls `tell` when the call ends. */
  atEnd(tell: () => void): void {
    this.#atEnd = tell;
  }

  /** The call has ended: its facts are complete. */
  ended(): void {
    this.#atEnd?.();
  }

  /** The call stores `value`. `ttlMs`: 0 = it never expires. */
  stores(value: unknown, ttlMs: number): void {
    this.holds(value);
    this.ttl = ttlMs / 1000;
  }

  /** The call waits for a load of another call. */
  joined(load: LoadTrace | undefined): void {
    this.coalesced = true;
    if (load === undefined) return;
    load.joined++;
    this.load = load;
  }
}

/** A load. */
export class LoadTrace extends Trace implements TracedLoad {
  readonly lock: boolean;
  readonly background: boolean;
  readonly forced: boolean;
  readonly tiers: ('l1' | 'l2')[] = [];
  leased = false;
  leaseWaitMs = 0;
  joined = 0;
  from: LoadSource | undefined;
  failure: unknown;
  stored: boolean | undefined;
  notStored: NotStoredReason | undefined;
  ttl: number | undefined;

  constructor(
    place: TracedPlace,
    keys: readonly string[],
    { lock = false, background = false, forced = false } = {},
  ) {
    super(place, keys);
    this.lock = lock;
    this.background = background;
    this.forced = forced;
  }

  /** Notes the result. A value that was superseded on its way to the tiers was not stored. */
  ended(
    {
      from,
      stored,
      value,
    }: { readonly from: LoadSource; readonly stored?: boolean; readonly value?: unknown },
    superseded: boolean,
  ): void {
    this.from = from;
    if (from !== 'loader') return;
    this.holds(value);
    this.stored = stored === true && !superseded;
    if (this.stored) return;
    this.notStored ??= superseded ? 'superseded' : 'refused';
    this.ttl = undefined;
  }

  get key(): string | undefined {
    return this.keyCount === 1 ? this.keys[0] : undefined;
  }
}

function textsOf(key: unknown): readonly string[] {
  if (typeof key === 'string') return [key];
  if (!Array.isArray(key)) return [];
  return key.slice(0, mostKeys).filter((it): it is string => typeof it === 'string');
}
