import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Loader, LoadOptions, Ttl } from '../cache/contract/options.js';
import { ForwardingCache, type CacheCallOperation } from './forwarding-cache.js';

/** One call that a {@link CacheSpy} has seen. */
export interface CacheCall {
  readonly operation: CacheCallOperation;
  /** What was given, as it was given. */
  readonly args: readonly unknown[];
  /** The names of the namespaces that it went through: `[]` = the cache itself. */
  readonly namespace: readonly string[];
  /** What was answered; `undefined` until then. */
  readonly result?: unknown;
  /** What it rejected with. */
  readonly error?: unknown;
  /** Whether a value was found: of `get`, `has` and `getOrSet` (no: a loader was waited for, its own or another caller's). */
  readonly hit?: boolean;
}

/** A run of a loader. */
export interface CacheLoad {
  readonly key: string;
  readonly namespace: readonly string[];
}

/**
 * A cache that writes down what it was asked and what it answered, and is the cache behind it in everything else.
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
  /** The loads that have come to their end. */
  readonly #landed: CacheLoad[];
  readonly #namespace: readonly string[];

  /** @param cache default: a cache in memory */
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

  /** In the order in which they were made, those of namespaces among them. */
  get calls(): readonly CacheCall[] {
    return this.#calls;
  }

  /** The runs of loaders, in the order in which they began. */
  get loads(): readonly CacheLoad[] {
    return this.#loads;
  }

  callsOf(operation: CacheCallOperation): readonly CacheCall[] {
    return this.#calls.filter((call) => call.operation === operation);
  }

  /** How often a loader ran for the key, in this very namespace. */
  loadsOf(key: string): number {
    return this.#loads.filter((load) => sameEntry(load, { key, namespace: this.#namespace })).length;
  }

  /** Forgets what it has seen. The entries stay. */
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
    // Its own load, or one that it has joined.
    return this.#end(call, answer, () => {
      call.hit = !this.#landed.slice(before).some((landed) => sameEntry(landed, load));
    });
  }

  /** Its calls are written down here as well. */
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
