import type { LoadOptions, Ttl } from './options.js';

/** How many values are loaded by one call of `getOrSetMany`. */
export interface BulkLoadOptions extends LoadOptions {
  /**
   * What becomes of a key that the loader leaves out. `'skip'`: the key is not in the result, and nothing is stored.
   * `'null'`: `null` is stored and returned, so that the loader is not asked for the key again within its ttl. Default
   * `'skip'`.
   */
  absent?: Absent | undefined;
  /** Most keys of one loader call; more keys make several calls. At least 1. Default: all keys in one call. */
  chunkSize?: number | undefined;
  /** Most loader calls of this call at a time. At least 1; matters only with `chunkSize`. Default 4. */
  concurrency?: number | undefined;
  /**
   * True = resolve with the values that could be had, instead of rejecting with `BulkLoadError`. A key that failed is
   * then not in the result, as an absent one. Default false.
   */
  partial?: boolean | undefined;
}

/** What becomes of a key that a loader of many keys leaves out. */
export type Absent = 'skip' | 'null';

/**
 * The values of a loader of many keys: a Map or a plain object by key, or an array in the order of the missing keys. A
 * key is absent if it is not in the Map or object, or if its value is `undefined`.
 */
export type Bulk<T> =
  ReadonlyMap<string, T | undefined> | readonly (T | undefined)[] | Readonly<Record<string, T | undefined>>;

/** Decisions of a loader about one of its values. */
export interface BulkDecisions {
  /** The ttl of the value. Wins over the options of the callers. */
  readonly ttl?: Ttl | undefined;
  /** Tags, added to those of the callers. */
  readonly tags?: readonly string[] | undefined;
  /** True = callers get the value; no tier stores it. */
  readonly skipStore?: boolean | undefined;
}

/**
 * The second argument of a loader of many keys.
 *
 * ```ts
 * await cache.getOrSetMany(ids, async (missing, { set, signal }) => {
 *   const users = await fetchUsers(missing, { signal });
 *   for (const user of users) set(user.id, { ttl: user.isGuest ? '1m' : '1h', tags: [`team:${user.teamId}`] });
 *   return new Map(users.map((user) => [user.id, user]));
 * });
 * ```
 */
export interface BulkLoadContext<T = unknown> {
  /** Aborts when every caller of every key has left, and at their `hardTimeout`. Pass it to `fetch` or a driver. */
  readonly signal: AbortSignal;
  /** The stale values of missing keys, for those that have one. */
  readonly stale: ReadonlyMap<string, T>;
  /**
   * Decides how the value of one key is stored.
   *
   * @throws ValidationError if `key` is not among the missing ones, or a decision is invalid
   */
  set(key: string, decisions: BulkDecisions): void;
}

/**
 * Makes the values of missing keys. `T` = the type of a value, `S` = the type of a stale value.
 *
 * `missing`: in the order of the call, without duplicates.
 */
export type BulkLoader<T, S = T> = (
  missing: readonly string[],
  ctx: BulkLoadContext<S>,
) => Bulk<T> | Promise<Bulk<T>>;
