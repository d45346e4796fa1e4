import type { Cache } from '../cache/contract/cache.js';
import { runSafely } from '../cache/observe/emitter.js';
import { ttlFromMs } from './keyv-ttl.js';

/** An entry of `setMany`. */
export interface KeyvStoreEntry {
  readonly key: string;
  readonly value: unknown;
  /** MILLISECONDS. */
  readonly ttl?: number | undefined;
}

export interface KeyvCacheStoreOptions {
  /** True: `disconnect()` also closes the cache. Default false: its creator closes it. */
  closeOnDisconnect?: boolean | undefined;
}

/** The number of entries that `iterator` reads per batch. */
const iteratorBatch = 100;

type KeyvListener = (...args: unknown[]) => void;

/**
 * A Keyv store backed by a {@link Cache}. Clients of Keyv (5 and 6), such as cache-manager and `@nestjs/cache-manager`,
 * use the cache's L1, Redis and resilience through it.
 *
 * ```ts
 * const keyv = new Keyv({ store: new KeyvCacheStore(cache), namespace: 'users' });
 * ```
 *
 * Ttls are in MILLISECONDS here, as everywhere in Keyv. An entry without one never expires: the cache's `defaultTtl`
 * does not apply. Use one store per Keyv instance, because Keyv sets the store's namespace. A Keyv namespace is a
 * namespace of the cache, so `clear()` leaves other namespaces intact; without one (`namespace: undefined`), `clear()`
 * clears the whole cache.
 */
export class KeyvCacheStore {
  /** Keyv 5 iterates only over stores with a known dialect. */
  readonly opts: Record<string, unknown> = { dialect: 'redis', url: '' };
  readonly #root: Cache;
  readonly #closeOnDisconnect: boolean;
  readonly #releases: (() => void)[] = [];
  #namespace: string | undefined;
  #isOfKeyv6 = false;
  #cache: Cache;

  constructor(cache: Cache, options: KeyvCacheStoreOptions = {}) {
    this.#root = cache;
    this.#cache = cache;
    this.#closeOnDisconnect = options.closeOnDisconnect ?? false;
  }

  /** Keyv 6 reads this property when it takes a store, Keyv 5 never does: the store detects the version by it. */
  get capabilities(): undefined {
    this.#isOfKeyv6 = true;
    return undefined;
  }

  /** Set by Keyv. */
  get namespace(): string | undefined {
    return this.#namespace;
  }

  set namespace(namespace: string | undefined) {
    this.#namespace = namespace;
    this.#cache = namespace === undefined || namespace === '' ? this.#root : this.#root.namespace(namespace);
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    return this.#cache.get<Value>(key);
  }

  /** In the order of `keys`; `undefined` for each miss. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const found = await this.#cache.getMany<Value>(keys);
    return keys.map((key) => found.get(key));
  }

  /** `ttl` in MILLISECONDS; `undefined` or 0 = never expires. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    // `undefined` equals a miss, so storing it deletes the entry.
    if (value === undefined) await this.#cache.delete(key);
    else await this.#cache.set(key, value, ttlFromMs(ttl));
    return true;
  }

  /** Each entry with its own `ttl`, in MILLISECONDS. */
  async setMany(entries: readonly KeyvStoreEntry[]): Promise<void> {
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  async has(key: string): Promise<boolean> {
    return this.#cache.has(key);
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.#cache.has(key)));
  }

  async delete(key: string): Promise<boolean> {
    return this.#cache.delete(key);
  }

  /** Keyv 5: true if at least one entry existed. */
  async deleteMany(keys: string[]): Promise<boolean>;
  /** Keyv 6: for each key, true if the entry existed. */
  async deleteMany(keys: string[]): Promise<boolean[]>;
  async deleteMany(keys: string[]): Promise<boolean | boolean[]> {
    if (this.#isOfKeyv6) return Promise.all(keys.map((key) => this.#cache.delete(key)));
    return (await this.#cache.deleteMany(keys)) > 0;
  }

  /** Clears the store's namespace. */
  async clear(): Promise<void> {
    await this.#cache.clear();
  }

  /**
   * Iterates over the entries of the store's namespace; see `Cache.keys()` for the cost and for entries that may be
   * missed. `_namespace`: Keyv passes the namespace that the store already has.
   *
   * @throws InfrastructureError when Redis is unavailable
   */
  async *iterator<Value>(_namespace?: unknown): AsyncGenerator<[key: string, value: Awaited<Value>], void> {
    const cache = this.#cache;
    let keys: string[] = [];
    for await (const key of cache.keys()) {
      keys.push(key);
      if (keys.length < iteratorBatch) continue;
      yield* await cache.getMany<Awaited<Value>>(keys);
      keys = [];
    }
    yield* await cache.getMany<Awaited<Value>>(keys);
  }

  /** Emits `'error'` only: the backend of the cache failed. */
  on(event: string, listener: KeyvListener): this {
    if (event !== 'error') return this;
    const tell = ({ error }: { error: Error }) => runSafely(() => listener(error));
    this.#root.on('error', tell);
    this.#releases.push(() => this.#root.off('error', tell));
    return this;
  }

  /** Removes the store's listeners, and closes the cache if `closeOnDisconnect` is set. */
  async disconnect(): Promise<void> {
    for (const release of this.#releases.splice(0)) release();
    if (this.#closeOnDisconnect) await this.#root.close();
  }
}
