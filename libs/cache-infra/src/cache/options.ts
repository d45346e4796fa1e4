/** Whole seconds, or a duration with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`. `0` = never expires. */
export type Ttl = number | string;

/** How one entry is stored. */
export interface StoreOptions {
  /** Life of the entry. Default: the cache's `defaultTtl`. */
  ttl?: Ttl | undefined;
  /** Tags by which the entry can be invalidated together with others. */
  tags?: readonly string[] | undefined;
}

/** How one value is loaded. */
export interface LoadOptions extends StoreOptions {
  /** Run the loader even when a value is cached. */
  forceRefresh?: boolean | undefined;
  /** Leaves the flight: this caller's promise rejects; when the last caller leaves, the loader's signal aborts. */
  signal?: AbortSignal | undefined;
}

/** What a loader is told, and may decide. */
export interface LoadContext {
  /** The key as the caller gave it. */
  readonly key: string;
  /** Aborts when every caller has left. */
  readonly signal: AbortSignal;
  /** The life of what this loader returns; wins over the options. */
  ttl(ttl: Ttl): void;
  /** Adds tags to what this loader returns. */
  tags(...tags: string[]): void;
  /** Return the value to the callers, store it nowhere. */
  skipStore(): void;
}

/** A loader: makes the value that the cache lacks. */
export type Loader<T> = (ctx: LoadContext) => T | Promise<T>;

/** What `get` hands out: a copy each time, one deeply frozen copy, or the very reference that was set. */
export type Isolation = 'clone' | 'freeze' | 'reference';

/** What a Redis error does: `degrade` = a failed read is a miss; `throw` = the caller gets an `InfrastructureError`. */
export type OnError = 'degrade' | 'throw';

/** How the L1s of several instances stay coherent. */
export type Coherence = 'tracking' | 'broadcast' | 'none';
