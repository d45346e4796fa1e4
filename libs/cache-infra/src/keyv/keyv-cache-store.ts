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
  /** `disconnect()` closes the cache as well. Default false: the cache belongs to whoever made it. */
  closeOnDisconnect?: boolean | undefined;
}

/** Entries that `iterator` reads at a time. */
const iteratorBatch = 100;

type KeyvListener = (...args: unknown[]) => void;

/**
 * A Keyv store over a {@link Cache}: what speaks Keyv (5 and 6), such as cache-manager and `@nestjs/cache-manager`, gets its L1,
 * its Redis and its resilience.
 *
 * ```ts
 * const keyv = new Keyv({ store: new KeyvCacheStore(cache), namespace: 'users' });
 * ```
 *
 * Ttls are in MILLISECONDS here, as everywhere in Keyv, and an entry without one never expires: the cache's `defaultTtl` is not
 * asked. Give each Keyv a store of its own: Keyv tells the store its namespace. A Keyv namespace is a namespace of the cache, so that
 * `clear()` leaves the others alone; without one (`namespace: undefined`), `clear()` clears the whole cache.
 */
export class KeyvCacheStore {
  /** Keyv 5 iterates over the kinds of store that it knows by name alone. */
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

  /** Keyv 6 asks for this when it takes a store, and Keyv 5 never does: so the store knows whose answers to give. */
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

  /** In the order of `keys`; `undefined` for those that are not there. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const found = await this.#cache.getMany<Value>(keys);
    return keys.map((key) => found.get(key));
  }

  /** `ttl` in MILLISECONDS; none, or 0 = never expires. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    // Nothing is stored under a key that has no value, as after a delete.
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

  /** Of Keyv 5: true if one of them, at least, was there. */
  async deleteMany(keys: string[]): Promise<boolean>;
  /** Of Keyv 6: for each of them, true if it was there. */
  async deleteMany(keys: string[]): Promise<boolean[]>;
  async deleteMany(keys: string[]): Promise<boolean | boolean[]> {
    if (this.#isOfKeyv6) return Promise.all(keys.map((key) => this.#cache.delete(key)));
    return (await this.#cache.deleteMany(keys)) > 0;
  }

  /** What stands in the store's namespace. */
  async clear(): Promise<void> {
    await this.#cache.clear();
  }

  /**
   * What stands in the store's namespace: see `Cache.keys()` for what it costs and what it can miss. `_namespace`: Keyv names the one
   * that the store has already.
   *
   * @throws InfrastructureError when Redis cannot be asked
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

  /** Only `'error'` is ever told: the backend of the cache failed. */
  on(event: string, listener: KeyvListener): this {
    if (event !== 'error') return this;
    const tell = ({ error }: { error: Error }) => runSafely(() => listener(error));
    this.#root.on('error', tell);
    this.#releases.push(() => this.#root.off('error', tell));
    return this;
  }

  /** Lets go of the cache, and closes it when that was asked for. */
  async disconnect(): Promise<void> {
    for (const release of this.#releases.splice(0)) release();
    if (this.#closeOnDisconnect) await this.#root.close();
  }
}
