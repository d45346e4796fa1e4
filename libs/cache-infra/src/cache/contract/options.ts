import type { Class } from '../../values/class-nature.js';

/** Whole seconds, or a duration with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`. `0` = never expires. */
export type Ttl = number | string;

/** How one entry is stored. */
export interface StoreOptions {
  /** Life of the entry. Default: the cache's `defaultTtl`. */
  ttl?: Ttl | undefined;
  /** Life in the L1 of this process, where that should be shorter. 0 = as long as in Redis, the default. */
  l1Ttl?: Ttl | undefined;
  /** Tags by which the entry can be invalidated together with others. */
  tags?: readonly string[] | undefined;
  /** How long the value is kept beyond its ttl, for when its loader fails or is slow. Default 0. */
  grace?: Ttl | undefined;
  /** Takes up to this fraction (0-1) off the ttl, at random, so that entries made together do not end together. Default 0. */
  jitter?: number | undefined;
  /** The tiers that this call is about. Default `'both'`. */
  tiers?: Tiers | undefined;
  /**
   * The class whose instances callers get: a class, or an arrow function that gives one. Stored are the own properties of the instance
   * (or of the items of an array, a Map or a Set); every hit of a call with `as` makes instances of them again, without running the
   * constructor. `@Type()` of class-transformer names the classes of parts. Default: none, and an instance that would lose something
   * is not stored.
   */
  as?: ClassReference | undefined;
  /** Makes of a stored value what callers get, in place of `as`: a constructor, a factory. What is stored is the plain form. */
  revive?: Revive | undefined;
  /**
   * True: an instance is stored by its plain form, what its `toJSON()` returns or else its own enumerable properties, and comes back as
   * that. Default: the cache's `plain`.
   */
  plain?: boolean | undefined;
}

/** A class, or an arrow function that gives it, for classes that are defined later. */
export type ClassReference = Class | (() => Class);

/** As a method, so that it may say what it takes. */
export type Revive = { revive(stored: unknown): unknown }['revive'];

/** Both tiers, or one of them alone. */
export type Tiers = 'both' | 'l1' | 'l2';

/** How one value is loaded. */
export interface LoadOptions extends StoreOptions {
  /** Fraction of the ttl (0-1) after which a hit also refreshes the value, in the background. */
  refreshAhead?: number | undefined;
  /** A value past its ttl is at hand: serve it after waiting this long, while the load goes on. 0 = at once. */
  softTimeout?: Ttl | undefined;
  /**
   * The limit of the load, from its start: then its signal aborts, and its key and lease are free, unless somebody waits who gives it more
   * time. A caller who has waited this long gets a value past its ttl, or else `CacheTimeoutError`. 0 = no limit.
   */
  hardTimeout?: Ttl | undefined;
  /** One loader across all instances, not only in this process. Needs Redis; without it loads go on locally. */
  lock?: boolean | undefined;
  /** Run the loader even when a value is cached. */
  forceRefresh?: boolean | undefined;
  /** Leaves the flight: this caller's promise rejects; when the last caller leaves, the loader's signal aborts. */
  signal?: AbortSignal | undefined;
}

/** What a loader is told, and may decide. */
export interface LoadContext<T = unknown> {
  /** The key as the caller gave it. */
  readonly key: string;
  /** Aborts when every caller has left. */
  readonly signal: AbortSignal;
  /** The value past its ttl, within its grace; a loader may decide by it, or return it. */
  readonly stale?: T | undefined;
  /** The life of what this loader returns; wins over the options. */
  ttl(ttl: Ttl): void;
  /** Adds tags to what this loader returns. */
  tags(...tags: string[]): void;
  /** Return the value to the callers, store it nowhere. */
  skipStore(): void;
}

/** A loader: makes the value that the cache lacks. `S` is the type of a stale value, `T` unless somebody says otherwise. */
export type Loader<T, S = T> = (ctx: LoadContext<S>) => T | Promise<T>;

/** What `get` hands out: a copy each time, one deeply frozen copy, or the very reference that was set. */
export type Isolation = 'clone' | 'freeze' | 'reference';

/** What a Redis error does: `degrade` = a failed read is a miss; `throw` = the caller gets an `InfrastructureError`. */
export type OnError = 'degrade' | 'throw';

/** How the L1s of several instances stay coherent. */
export type Coherence = 'tracking' | 'broadcast' | 'pubsub' | 'none';
