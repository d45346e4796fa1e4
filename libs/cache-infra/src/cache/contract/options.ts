import type { Ttl } from '../../base/duration.js';
import type { ValueSchema } from './value-schema.js';
import type { Class } from '../../values/class.js';

export type { Ttl };

/** How one entry is stored. */
export interface StoreOptions {
  /** Time until the entry expires. 0 = never. Default: the cache's `defaultTtl`. */
  ttl?: Ttl | undefined;
  /** Shorter ttl in the L1 of this process. 0 = as long as in Redis. Default: the cache's `l1Ttl`. */
  l1Ttl?: Ttl | undefined;
  /** Tags of the entry: `invalidateTags` invalidates all entries that share one. Default: none. */
  tags?: readonly string[] | undefined;
  /**
   * How long `getOrSet` may serve the value beyond its ttl (stale), when its loader fails or is slow. Default: the
   * cache's `grace`, 0.
   */
  grace?: Ttl | undefined;
  /**
   * Largest random fraction (0-1) taken off the ttl, so that entries stored together do not expire together. With 0.1,
   * a ttl of 60 s becomes 54 s to 60 s. Default: the cache's `jitter`, 0.
   */
  jitter?: number | undefined;
  /** The tiers that this call reads and writes. Default `'both'`. */
  tiers?: Tiers | undefined;
  /**
   * The class whose instances callers get: a class, or an arrow function that returns one. The cache stores the own
   * properties of the instance (or of the items of an array, a Map or a Set). Each hit of a call with `as` makes
   * instances of them, without running the constructor. `@Type()` of class-transformer names the classes of properties.
   * Default: none; then an instance that cannot be stored without loss is refused.
   *
   * ```ts
   * const user = await cache.getOrSet('user:1', () => users.find(1), { as: User });
   * ```
   */
  as?: ClassReference | undefined;
  /**
   * Makes the caller's value from the stored plain form, instead of `as`: `(stored) => new Money(stored)`. Default:
   * none.
   */
  revive?: Revive | undefined;
  /**
   * True = store an instance by its plain form: the result of its `toJSON()`, or else its own enumerable properties.
   * Callers get the plain form. Default: the cache's `plain`, false.
   */
  plain?: boolean | undefined;
  /**
   * Checks stored values: a Standard Schema of zod, valibot, arktype or others, synchronous. A stored value that does
   * not fit is a miss and is loaded anew; it counts as `schemaMisses` in `stats()`. Values are checked, not changed:
   * callers get what was stored. Each object in the L1 is checked once. Default: none.
   *
   * ```ts
   * const user = await cache.getOrSet('user:1', () => users.find(1), { schema: z.object({ name: z.string() }) });
   * ```
   */
  schema?: ValueSchema | undefined;
  /**
   * Version of the shape of the value, a whole number from 1. Raise it when a release changes the shape: a value of
   * another version is a miss, and counts as `otherVersion` in `stats()`. While two releases run together, the older
   * one does not replace values of the newer one in Redis. Default: the cache's `version`; without one, values of any
   * version are taken.
   */
  version?: number | undefined;
}

/** A class, or an arrow function that returns one, for a class that is defined later. */
export type ClassReference = Class | (() => Class);

/**
 * Makes the caller's value from the stored one. Declared as a method, so that an implementation may narrow `stored`.
 */
export type Revive = { revive(stored: unknown): unknown }['revive'];

/** Both tiers, or one of them. */
export type Tiers = 'both' | 'l1' | 'l2';

/** How one value is loaded. */
export interface LoadOptions extends StoreOptions {
  /**
   * Fraction of the ttl, above 0 and below 1, after which a hit also starts a refresh in the background. With 0.8 and a
   * ttl of 10 m, hits refresh from minute 8 on. Default: the cache's `refreshAhead`, none.
   */
  refreshAhead?: number | undefined;
  /**
   * How long a caller waits for the load while a stale value is at hand. Then it gets the stale value, and the load
   * continues. 0 = at once. Needs `grace`. Default: the cache's `softTimeout`, none.
   */
  softTimeout?: Ttl | undefined;
  /**
   * How long a caller waits for the load. Then it gets a stale value, or else a `CacheTimeoutError`. The load is
   * aborted at that time, and its key and lease are free, unless another caller allows more time. 0 = no limit.
   * Default: the cache's `hardTimeout`, none.
   */
  hardTimeout?: Ttl | undefined;
  /**
   * True = one loader across all instances, by a lease in Redis; other instances wait for its value. While Redis is
   * unavailable, one loader in each process. Default: the cache's `lock`, false.
   */
  lock?: boolean | undefined;
  /**
   * True = ignore the cached value, but join a load in flight. Other callers keep getting the cached value. Default
   * false.
   */
  forceRefresh?: boolean | undefined;
  /**
   * Share of hits (0-1) after which the loader runs again in the background, to compare its value with the one that was
   * served. The result counts in `stats().truth`. Bounded by the cache's `verifyPerMinute`. Not for `getOrSetMany`.
   * Default: the cache's `verify`, 0.
   */
  verify?: number | undefined;
  /**
   * Aborts this call: its promise rejects with the signal's reason. When the last caller leaves, the loader's signal
   * aborts.
   */
  signal?: AbortSignal | undefined;
}

/**
 * The argument of a loader: the key, the stale value, and decisions about the new one.
 *
 * ```ts
 * await cache.getOrSet('token', async ({ ttl, signal }) => {
 *   const token = await fetchToken({ signal });
 *   ttl(token.expiresIn);
 *   return token;
 * });
 * ```
 */
export interface LoadContext<T = unknown> {
  /** The key as the caller gave it. */
  readonly key: string;
  /**
   * Aborts when every caller has left, and at the `hardTimeout` of the most patient one. Pass it to `fetch` or a
   * driver.
   */
  readonly signal: AbortSignal;
  /** The stale value, if there is one: for a conditional request, or to return it. */
  readonly stale?: T | undefined;
  /** Sets the ttl of the value. Wins over the options of the callers. */
  ttl(ttl: Ttl): void;
  /** Adds tags to the value. */
  tags(...tags: string[]): void;
  /**
   * For a conditional request whose origin says that nothing has changed: `return notModified()` renews the entry. Its
   * value stays the one that is stored, with its tags and a new ttl; nothing is copied or checked anew.
   *
   * ```ts
   * const page = await cache.getOrSet<Page>(url, async ({ stale, notModified }) => {
   *   const response = await fetch(url, { headers: stale ? { 'if-none-match': stale.etag } : {} });
   *   return response.status === 304 ? notModified() : pageOf(response);
   * }, { ttl: '1m', grace: '1d' });
   * ```
   *
   * @returns the stale value
   * @throws ValidationError if there is no stale value
   */
  notModified(): T;
  /** Callers get the value; no tier stores it. */
  skipStore(): void;
}

/**
 * Makes the value on a miss. `T` = the type of the value, `S` = the type of a stale value. `undefined` is returned and
 * not stored.
 */
export type Loader<T, S = T> = (ctx: LoadContext<S>) => T | Promise<T>;

/**
 * The form of a value that callers get: `'clone'` = a copy for each call; `'freeze'` = one deeply frozen copy, shared
 * by all calls; `'reference'` = the very object that was set. A caller that changes it changes the cache.
 */
export type Isolation = 'clone' | 'freeze' | 'reference';

/**
 * The effect of a Redis error: `'degrade'` = a failed read is a miss, a failed change is journalled; `'throw'` =
 * `InfrastructureError`.
 */
export type OnError = 'degrade' | 'throw';

/**
 * How the L1 receives changes of other instances: `'tracking'` = Redis reports changes of keys that this instance has
 * read; `'broadcast'` = Redis reports changes of every key under the prefix; `'pubsub'` = caches with this setting
 * notify each other; `'none'` = not at all.
 */
export type Coherence = 'tracking' | 'broadcast' | 'pubsub' | 'none';
