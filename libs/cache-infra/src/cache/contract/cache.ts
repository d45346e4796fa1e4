import type { BulkLoader, BulkLoadOptions } from './bulk-load.js';
import type { CacheEventListener, CacheEventName } from './events.js';
import type { LockedWork, LockOptions } from './lock.js';
import type { Loader, LoadOptions, StoreOptions, Ttl } from './options.js';
import type { CacheStats } from './stats.js';

const brand = Symbol.for('nestjs-cache-infra.Cache');

/**
 * A cache: the contract that every implementation keeps, and the token under which NestJS injects the default one.
 *
 * ```ts
 * constructor(private readonly cache: Cache) {}
 * const user = await this.cache.getOrSet(`user:${id}`, () => this.users.find(id), { ttl: '5m', tags: ['users'] });
 * ```
 *
 * Keys are non-empty strings, of any characters and length. `undefined` means "absent"; `null` is a value.
 *
 * Every asynchronous method rejects, and never throws synchronously:
 *
 * - with `ValidationError` for invalid arguments;
 * - with `CacheClosedError` after `close()`;
 * - with `InfrastructureError` when Redis fails, only with `onError: 'throw'`. With `'degrade'`, the default, a failed
 *   read is a miss and a failed change is journalled.
 */
export abstract class Cache implements AsyncDisposable {
  /** The name in statistics, logs and health. */
  abstract readonly name: string;
  /** Ttl of an entry whose call names none, seconds; 0 = never expires. */
  abstract readonly defaultTtl: number;
  /** Most entries of the L1. */
  abstract readonly maxSize: number;

  /** Returns the value of a fresh entry; `undefined` = a miss. */
  abstract get<T = unknown>(key: string): Promise<T | undefined>;
  /** Returns the hits, in the order of `keys`. Keys that miss are not in the map. */
  abstract getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>>;
  /**
   * Stores `value`, and supersedes loads in flight for the key. Resolves once Redis has the entry, or it is journalled.
   *
   * ```ts
   * await cache.set('user:1', user, { ttl: '5m', tags: ['users'] });
   * ```
   *
   * @throws SerializationError if the value cannot be stored without loss
   */
  abstract set<T>(key: string, value: T, options?: Ttl | StoreOptions): Promise<void>;
  /**
   * Stores many entries with the same options. If a value cannot be stored, the call rejects and stores none.
   *
   * @throws SerializationError if a value cannot be stored without loss
   */
  abstract setMany<T>(entries: Iterable<readonly [string, T]>, options?: Ttl | StoreOptions): Promise<void>;
  /**
   * Returns the cached value, or else the value of `loader`, which is then stored. One loader runs per key in this
   * process, whatever the number of callers (single flight); with `lock`, one across all instances. A loader that
   * returns `undefined` stores nothing.
   *
   * ```ts
   * const rates = await cache.getOrSet('rates', () => fetchRates(), { ttl: '1m', grace: '1h', softTimeout: '200ms' });
   * ```
   *
   * Rejects with the error of the loader, unless a stale value is within its grace.
   *
   * @throws CacheTimeoutError after `hardTimeout`, unless a stale value is within its grace
   * @throws CircularLoadError if the loader waits for its own key, directly or by way of other loads
   */
  abstract getOrSet<T, S = T>(key: string, loader: Loader<T, S>, options?: Ttl | LoadOptions): Promise<T>;
  /**
   * As {@link getOrSet}, for many keys: `loadMissing` is called once, with the keys that no tier holds and no other
   * call is loading. Returns the values in the order of `keys`; a key without a value is not in the map (see `absent`).
   *
   * ```ts
   * const users = await cache.getOrSetMany(ids, (missing) => repository.findByIds(missing), { ttl: '5m' });
   * ```
   *
   * Everything that holds for `getOrSet` holds for each key: callers of the same key share its load, whichever of the
   * two methods they call. With `lock`, keys that another instance is loading are waited for; if that instance fails, a
   * second loader call loads them.
   *
   * @throws BulkLoadError if a key failed, with the values of the others; not with `partial`
   * @throws ValidationError if the array that the loader returns has another length than `missing`, or its Map or
   *   object a key that is not missing: as the `cause` of a `BulkLoadError`
   */
  abstract getOrSetMany<T, S = T>(
    keys: readonly string[],
    loadMissing: BulkLoader<T, S>,
    options?: Ttl | BulkLoadOptions,
  ): Promise<Map<string, T>>;
  /**
   * Lists the keys of the fresh entries of this namespace, without nested ones, that match `pattern`, each once: `*` =
   * any run of characters, `?` = one character, `\` = escape. Default: all keys.
   *
   * ```ts
   * for await (const key of cache.keys('user:*')) console.log(key);
   * ```
   *
   * For inspection, migrations and jobs, never in a request: it visits the whole L1 and every key of the Redis
   * database, those of other programs included (`SCAN`, never `KEYS`, on every master of a Cluster). It reads the first
   * bytes of each entry that matches, and keeps the listed keys in memory. It works page by page: leaving the loop ends
   * the scan. Counts neither hits nor misses.
   *
   * Keys that are added or removed meanwhile may be missing. A key above 1 kB is a digest in Redis, and is listed only
   * while this process holds its entry.
   *
   * @throws InfrastructureError if Redis fails, whatever `onError` says: a partial list would look complete
   */
  abstract keys(pattern?: string): AsyncIterable<string>;
  /** True if a fresh entry exists. Counts neither a hit nor a miss. */
  abstract has(key: string): Promise<boolean>;
  /** Seconds until the ttl ends, rounded up; `Infinity` = never expires; `undefined` = absent. */
  abstract ttl(key: string): Promise<number | undefined>;
  /**
   * Ends the entry's ttl now: within its grace it is stale, and the next `getOrSet` loads. Its grace begins now; an
   * entry without grace is deleted. True if a fresh entry existed. Hooks and events name the operation `expire`.
   *
   * ```ts
   * await cache.markStale('rates'); // served once more if the loader fails or is slow
   * ```
   */
  async markStale(key: string): Promise<boolean> {
    return this.expire(key);
  }
  /** The former name of {@link markStale}. */
  abstract expire(key: string): Promise<boolean>;
  /** Deletes the entry from both tiers. True if it existed. */
  abstract delete(key: string): Promise<boolean>;
  /** Deletes many entries. Returns how many existed. */
  abstract deleteMany(keys: readonly string[]): Promise<number>;
  /** Invalidates every entry with one of `tags`, in this namespace and those below it. Costs O(tags), never a scan. */
  abstract invalidateTags(...tags: string[]): Promise<void>;
  /**
   * Ends the ttl of every entry with one of `tags`, in this namespace and those below it: within its grace an entry is
   * stale, not gone. A `getOrSet` with `softTimeout: 0` gets the stale value while one load runs; without one it loads,
   * and gets the stale value if the load fails. The grace ends when it would have ended. Entries without grace, and
   * entries that never expire, are invalidated. Costs O(tags), never a scan.
   *
   * ```ts
   * await cache.expireTags('catalogue'); // a new price list: no stampede, no error page
   * ```
   */
  abstract expireTags(...tags: string[]): Promise<void>;
  /**
   * Deletes the entries of this namespace, without nested ones, whose key matches `glob`: `*` = any run of characters,
   * `?` = one character, `\` = escape. Returns how many existed. Scans Redis: prefer {@link invalidateTags} on hot
   * paths.
   */
  abstract invalidatePattern(glob: string): Promise<number>;
  /** Deletes every entry of this namespace and those below it. Scans Redis; other keys stay (never `FLUSHDB`). */
  abstract clear(): Promise<void>;
  /**
   * Runs `work` while this call alone holds the lock `name`, across all instances that share the Redis and the key
   * prefix; in a cache without Redis, in this process. Settles as `work` does.
   *
   * ```ts
   * await cache.lock('invoices', '30s', ({ token, signal }) => sendInvoices(token, signal), { wait: 0 });
   * ```
   *
   * `ttl` is the length of the lease, at least `'100ms'`: it is renewed while `work` runs, and bounds the time that a
   * crashed holder keeps others out. A lease can be lost while `work` runs. `signal` aborts then, and another caller
   * may run: pass the fencing `token` to what the work changes.
   *
   * Locks are not reentrant. The callers of one process get the lock in the order of their calls; instances compete
   * for it without an order. Lock names are no keys: `clear()` and patterns leave locks alone, and each namespace has
   * locks of its own.
   *
   * @throws LockNotAcquiredError when another caller held the lock for the whole `wait` (default: `ttl`)
   * @throws InfrastructureError when Redis is unavailable, whatever `onError` says, and where the cache is disabled
   */
  abstract lock<T>(name: string, ttl: Ttl, work: LockedWork<T>, options?: LockOptions): Promise<T>;
  /** Returns a cache with its own keys on the same L1 and connection. Namespaces nest. Needs no `close()`. */
  abstract namespace(name: string): Cache;
  /** Returns exact counters of the cache with all its namespaces, also per tier. */
  abstract stats(): CacheStats;
  /** Adds a listener. Its errors and rejections are ignored. */
  abstract on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this;
  /** Removes a listener. */
  abstract off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this;
  /** Closes sockets and timers, and frees memory. You must close the caches you create. A second call has no effect. */
  abstract close(): Promise<void>;

  /** Closes the cache, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
Object.defineProperty(Cache.prototype, brand, { value: true });

/**
 * True if `value` is a {@link Cache}, also of another copy of this library in the process. False for a mock that
 * answers every property with a function, and for Nest's placeholder of a provider that does not exist yet.
 *
 * @internal
 */
export function isCache(value: unknown): value is Cache {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { [brand]: branded, name } = value as { readonly [brand]?: unknown; readonly name: unknown };
    return branded === true && typeof name === 'string';
  } catch {
    return false;
  }
}
