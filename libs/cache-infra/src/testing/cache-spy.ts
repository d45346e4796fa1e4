import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { BulkLoader, BulkLoadOptions } from '../cache/contract/bulk-load.js';
import type { Loader, LoadOptions, Ttl } from '../cache/contract/options.js';
import { ForwardingCache, type CacheCallOperation } from './forwarding-cache.js';

/** One call recorded by a {@link CacheSpy}. */
export interface CacheCall {
  readonly operation: CacheCallOperation;
  /** The arguments of the call, by reference. */
  readonly args: readonly unknown[];
  /** The namespaces of the call, outermost first: `[]` = the cache itself. */
  readonly namespace: readonly string[];
  /** The result; `undefined` until the call resolves. */
  readonly result?: unknown;
  /** The rejection, if any. */
  readonly error?: unknown;
  /**
   * True if `get`, `has`, `getOrSet` or `getOrSetMany` found every value. False for a `getOrSet` or `getOrSetMany` that
   * waited for a loader, its own or another caller's.
   */
  readonly hit?: boolean;
}

/** One run of a loader, for one key: a loader of many keys counts for each of them. */
export interface CacheLoad {
  readonly key: string;
  readonly namespace: readonly string[];
}

/**
 * A cache that records its calls and results, and forwards everything to the cache behind it.
 *
 * ```ts
 * const cache = new CacheSpy();
 * await new Products(cache).find('7');
 * expect(cache.callsOf('getOrSet')).toMatchObject([{ args: ['product:7'], hit: false }]);
 * ```
 */
export class CacheSpy extends ForwardingCache {
  readonly #calls: CacheCall[];
  readonly #loads: CacheLoad[];
  /** The finished loads. */
  readonly #landed: CacheLoad[];
  readonly #namespace: readonly string[];

  /** @param cache default: an in-memory cache */
  constructor(cache?: Cache);
  /** @internal */
  constructor(cache: Cache, parent: CacheSpy, namespace: readonly string[]);
  constructor(cache: Cache = new InMemoryCache(), parent?: CacheSpy, namespace: readonly string[] = []) {
    super(cache);
    this.#calls = parent === undefined ? [] : parent.#calls;
    this.#loads = parent === undefined ? [] : parent.#loads;
    this.#landed = parent === undefined ? [] : parent.#landed;
    this.#namespace = namespace;
  }

  /** The calls in order, including those of namespaces. */
  get calls(): readonly CacheCall[] {
    return this.#calls;
  }

  /** The loader runs, in the order in which they began. */
  get loads(): readonly CacheLoad[] {
    return this.#loads;
  }

  callsOf(operation: CacheCallOperation): readonly CacheCall[] {
    return this.#calls.filter((call) => call.operation === operation);
  }

  /** The number of loader runs for the key in this namespace. */
  loadsOf(key: string): number {
    return this.#loads.filter((load) => sameEntry(load, { key, namespace: this.#namespace })).length;
  }

  /** Clears the recorded calls and loads. The entries stay. */
  reset(): void {
    this.#calls.length = 0;
    this.#loads.length = 0;
  }

  override async getOrSet<T, S = T>(
    key: string,
    loader: Loader<T, S>,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    if (typeof loader !== 'function') return super.getOrSet(key, loader, options);
    const call = this.#begin('getOrSet', options === undefined ? [key, loader] : [key, loader, options]);
    const load: CacheLoad = { key, namespace: this.#namespace };
    const spied: Loader<T, S> = async (ctx) => {
      this.#loads.push(load);
      try {
        return await loader(ctx);
      } finally {
        this.#landed.push(load);
      }
    };
    const before = this.#landed.length;
    const answer = this.inner.getOrSet(key, spied, options);
    // The call waited for its own load, or for a load that it joined.
    return this.#end(call, answer, () => {
      call.hit = !this.#landed.slice(before).some((landed) => sameEntry(landed, load));
    });
  }

  override async getOrSetMany<T, S = T>(
    keys: readonly string[],
    loadMissing: BulkLoader<T, S>,
    options?: Ttl | BulkLoadOptions,
  ): Promise<Map<string, T>> {
    if (typeof loadMissing !== 'function') return super.getOrSetMany(keys, loadMissing, options);
    const args = options === undefined ? [keys, loadMissing] : [keys, loadMissing, options];
    const call = this.#begin('getOrSetMany', args);
    const spied: BulkLoader<T, S> = async (missing, ctx) => {
      const loads = missing.map((key) => ({ key, namespace: this.#namespace }));
      this.#loads.push(...loads);
      try {
        return await loadMissing(missing, ctx);
      } finally {
        this.#landed.push(...loads);
      }
    };
    const before = this.#landed.length;
    return this.#end(call, this.inner.getOrSetMany(keys, spied, options), () => {
      const landed = this.#landed.slice(before);
      const asked = new Set(keys);
      call.hit = !landed.some(
        (load) => asked.has(load.key) && sameEntry(load, { key: load.key, namespace: this.#namespace }),
      );
    });
  }

  /** A namespace whose calls are recorded here as well. */
  override namespace(name: string): CacheSpy {
    return new CacheSpy(this.inner.namespace(name), this, [...this.#namespace, name]);
  }

  protected override async call<T>(
    operation: CacheCallOperation,
    args: readonly unknown[],
    forward: () => Promise<T>,
  ): Promise<T> {
    const call = this.#begin(operation, args.at(-1) === undefined ? args.slice(0, -1) : args);
    return this.#end(call, forward(), (result) => {
      if (operation === 'get') call.hit = result !== undefined;
      if (operation === 'has') call.hit = result === true;
    });
  }

  #begin(operation: CacheCallOperation, args: readonly unknown[]): Writable<CacheCall> {
    const call: Writable<CacheCall> = { operation, args, namespace: this.#namespace };
    this.#calls.push(call);
    return call;
  }

  async #end<T>(call: Writable<CacheCall>, answer: Promise<T>, note: (result: T) => unknown): Promise<T> {
    try {
      const result = await answer;
      note(result);
      call.result = result;
      return result;
    } catch (error) {
      call.error = error;
      throw error;
    }
  }
}

function sameEntry(a: CacheLoad, b: CacheLoad): boolean {
  return a.key === b.key && a.namespace.join('\0') === b.namespace.join('\0');
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
