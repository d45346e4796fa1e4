import type { CacheEventListener, CacheEventName } from './events.js';
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
 * Keys are non-empty strings, of any characters and length. `undefined` means "not there"; `null` is a value.
 * Every method rejects with `ValidationError` on bad arguments, and never throws synchronously.
 */
export abstract class Cache implements AsyncDisposable {
  abstract readonly name: string;
  /** Seconds. */
  abstract readonly defaultTtl: number;
  /** Entries that the L1 holds at most. */
  abstract readonly maxSize: number;

  /** The value, or `undefined` when absent or expired. */
  abstract get<T = unknown>(key: string): Promise<T | undefined>;
  /** The hits only, in the order of `keys`. */
  abstract getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>>;
  /** Stores `value`. Rejects with `SerializationError` when it cannot be stored as it is. */
  abstract set<T>(key: string, value: T, options?: Ttl | StoreOptions): Promise<void>;
  abstract setMany<T>(entries: Iterable<readonly [string, T]>, options?: Ttl | StoreOptions): Promise<void>;
  /** The cached value, or what `loader` makes; one loader runs per key, whatever the number of callers. */
  abstract getOrSet<T, S = T>(key: string, loader: Loader<T, S>, options?: Ttl | LoadOptions): Promise<T>;
  /**
   * The keys of this very namespace that match `pattern`: `*` any run, `?` one character, `\` escapes. Default: all of them.
   *
   * For people and for migrations, not for hot paths: memory is walked through, Redis is scanned (`SCAN`, never `KEYS`, on every
   * node of a Cluster). Keys that come or go meanwhile may be missing or come twice. Redis lists an entry until it
   * removes it: also within its grace, and after its tag was invalidated. A key above 1 kB stands in Redis as a digest and
   * is listed only while this process holds its entry.
   *
   * Rejects with `InfrastructureError` when Redis cannot be asked, whatever `onError` says: half a list would look like a whole one.
   */
  abstract keys(pattern?: string): AsyncIterable<string>;
  abstract has(key: string): Promise<boolean>;
  /** Seconds left; `Infinity` = never expires; `undefined` = absent. */
  abstract ttl(key: string): Promise<number | undefined>;
  /** Ends the entry's ttl now; its grace, if it has one, goes on from now. True if it was there. */
  abstract expire(key: string): Promise<boolean>;
  /** True if it existed. */
  abstract delete(key: string): Promise<boolean>;
  /** How many existed. */
  abstract deleteMany(keys: readonly string[]): Promise<number>;
  /** Invalidates every entry that carries one of `tags`, in this cache and its namespaces. O(tags), never a scan. */
  abstract invalidateTags(...tags: string[]): Promise<void>;
  /** Deletes the keys of this namespace that match; `*` any run, `?` one character, `\` escapes. Returns how many. */
  abstract invalidatePattern(glob: string): Promise<number>;
  /** Deletes every entry of this namespace and those below it. Nothing else: never `FLUSHDB`. */
  abstract clear(): Promise<void>;
  /** A cache with keys of its own over the same connection and memory. Names nest. */
  abstract namespace(name: string): Cache;
  /** Exact counters, tiers apart. */
  abstract stats(): CacheStats;
  abstract on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this;
  abstract off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this;
  /** Frees sockets, timers and memory. Later calls reject with `CacheClosedError`. Closing twice is fine. */
  abstract close(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
Object.defineProperty(Cache.prototype, brand, { value: true });

/**
 * Whether `value` is a {@link Cache}, also one of another copy of this library in the process. Mocks that have a function for whatever
 * they are asked are none, and neither is what Nest puts in the place of a cache that is not made yet.
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
