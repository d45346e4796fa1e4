import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

import { Logger } from '@nestjs/common';

import type { Cache as InfraCache } from '../cache/contract/cache.js';
import { runSafely } from '../cache/observe/emitter.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Loader } from '../cache/contract/options.js';
import { TieredCache } from '../cache/tiered-cache.js';
import {
  assertOptions,
  booleanValue,
  functionValue,
  nonEmptyString,
  objectWith,
  type Check,
} from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import { ttlFromMs } from '../keyv/keyv-ttl.js';
import { describeValue } from '../base/redact.js';
import { onRefusal } from '../cache/observe/refusals.js';
import { CacheManagerStore } from './cache-manager-store.js';
import { WrapCalls, type WrapCall } from './wrap-calls.js';
import {
  Cache,
  type CacheManagerEntry,
  type CacheManagerEvents,
  type StoredValue,
  type WrapOptions,
  type WrapOptionsRaw,
} from './cache-manager.types.js';

export interface CreateCacheOptions {
  /** The underlying cache. Default: an in-memory cache of 1000 entries, owned by this one. */
  cache?: InfraCache | undefined;
  /** The default ttl, in MILLISECONDS. Default: entries never expire. */
  ttl?: number | undefined;
  /** The default refresh threshold of `wrap`, in MILLISECONDS. Default: no refresh before expiry. */
  refreshThreshold?: number | ((value: unknown) => number) | undefined;
  /** Default: a random UUID. */
  cacheId?: string | undefined;
  /** Accepted for compatibility, without effect: there is one store, and no call waits for an unavailable Redis. */
  nonBlocking?: boolean | undefined;
  /** Accepted for compatibility, without effect: there is one store. */
  refreshAllStores?: boolean | undefined;
  /** True: `disconnect()` also closes `cache`. Default: true for an owned cache, false for a passed one. */
  closeOnDisconnect?: boolean | undefined;
}

const milliseconds: Check = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'must be a non-negative number (milliseconds)';

export const createCacheChecks = {
  cache: objectWith('get', 'getOrSet', 'namespace'),
  ttl: milliseconds,
  refreshThreshold: (value: unknown) =>
    functionValue(value) === undefined ? undefined : milliseconds(value),
  cacheId: nonEmptyString,
  nonBlocking: booleanValue,
  refreshAllStores: booleanValue,
  closeOnDisconnect: booleanValue,
} satisfies Record<string, Check>;

/** @throws ValidationError with the replacement for `stores`, an option of cache-manager */
export function assertNoStores(subject: string, options: unknown, instead: string): void {
  if (typeof options !== 'object' || options === null) return;
  if (!('stores' in options) || options.stores === undefined) return;
  const message = `stores is not supported: ${instead}; an L1 in front of Redis is built in`;
  throw new ValidationError([{ path: 'stores', message }], subject);
}

/**
 * cache-manager's `createCache`, backed by a cache of this library. TTLS ARE MILLISECONDS.
 *
 * ```ts
 * const cache = createCache({ cache: new RedisCache({ redisUrl }), ttl: 60_000 });
 * ```
 *
 * @throws ValidationError that lists every invalid option
 */
export function createCache(options: CreateCacheOptions = {}): Cache {
  assertNoStores('createCache', options, 'pass a cache (cache: …)');
  assertOptions('createCache', options, createCacheChecks);
  return new CacheManager(options);
}

class CacheManager extends Cache {
  readonly stores: readonly CacheManagerStore[];
  readonly #cache: InfraCache;
  readonly #options: CreateCacheOptions;
  readonly #id: string;
  readonly #closes: boolean;
  readonly #events = new EventEmitter();
  readonly #calls = new WrapCalls();
  #warned = false;

  constructor(options: CreateCacheOptions) {
    super();
    this.#options = options;
    this.#cache = options.cache ?? new InMemoryCache({ name: 'cache-manager' });
    this.#closes = options.closeOnDisconnect ?? options.cache === undefined;
    this.#id = options.cacheId ?? randomUUID();
    this.stores = [new CacheManagerStore(this.#cache)];
  }

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#withEvents(
      () => this.#cache.get<T>(key),
      (value) => this.#emit('get', { key, value }),
      (error) => this.#emit('get', { key, error }),
    );
  }

  override async mget<T>(keys: string[]): Promise<(T | undefined)[]> {
    return this.#withEvents(
      async () => {
        const found = await this.#cache.getMany<T>(keys);
        return keys.map((key) => found.get(key));
      },
      (values) => this.#emit('mget', { keys, values }),
      (error) => this.#emit('mget', { keys, error }),
    );
  }

  override async ttl(key: string): Promise<number | undefined> {
    return this.#withEvents(
      () => this.#expires(key),
      (value) => this.#emit('ttl', { key, value }),
      (error) => this.#emit('ttl', { key, error }),
    );
  }

  override async set<T>(key: string, value: T, ttl?: number): Promise<T> {
    return this.#withEvents(
      async () => {
        await this.#store(key, value, ttl);
        return value;
      },
      () => this.#emit('set', { key, value }),
      (error) => this.#emit('set', { key, value, error }),
    );
  }

  override async mset<T>(list: CacheManagerEntry<T>[]): Promise<CacheManagerEntry<T>[]> {
    return this.#withEvents(
      async () => {
        await Promise.all(list.map(({ key, value, ttl }) => this.#store(key, value, ttl)));
        return list;
      },
      () => this.#emit('mset', { list }),
      (error) => this.#emit('mset', { list, error }),
    );
  }

  override async del(key: string): Promise<boolean> {
    return this.#withEvents(
      async () => {
        await this.#cache.delete(key);
        return true;
      },
      () => this.#emit('del', { key }),
      (error) => this.#emit('del', { key, error }),
    );
  }

  override async mdel(keys: string[]): Promise<boolean> {
    return this.#withEvents(
      async () => {
        await this.#cache.deleteMany(keys);
        return true;
      },
      () => this.#emit('mdel', { keys }),
      (error) => this.#emit('mdel', { keys, error }),
    );
  }

  override async clear(): Promise<boolean> {
    return this.#withEvents(
      async () => {
        await this.#cache.clear();
        return true;
      },
      () => this.#emit('clear'),
      (error) => this.#emit('clear', error),
    );
  }

  override async wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    ttl?: number | ((value: T) => number),
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T>;
  override async wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    options: WrapOptionsRaw<T>,
  ): Promise<StoredValue<T>>;
  override async wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
  override async wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    ttlOrOptions?: number | ((value: T) => number) | WrapOptions<T> | WrapOptionsRaw<T>,
    threshold?: number | ((value: T) => number),
  ): Promise<T | StoredValue<T>> {
    const options: WrapOptions<T> & { raw?: boolean } =
      typeof ttlOrOptions === 'object' ? ttlOrOptions : { ttl: ttlOrOptions, refreshThreshold: threshold };
    const call: WrapCall<T> = { ran: false, made: undefined };
    const load: Loader<T> = async (ctx) => {
      call.ran = true;
      onRefusal(ctx, (error) => {
        this.#warnUnstorable(key, error);
      });
      const value = await fnc();
      this.#calls.made(key, value);
      ctx.ttl(ttlFromMs(resolved(options.ttl, value) ?? this.#options.ttl));
      return value;
    };
    const value = await this.#calls.during(key, call, () => this.#cache.getOrSet(key, load));
    if (call.ran) this.#emit('set', { key, value });
    // Read the remaining ttl only if a refresh threshold is set.
    const refreshThreshold = resolved(options.refreshThreshold ?? this.#options.refreshThreshold, value);
    // A value that was computed while this call waited is fresh, whichever call computed it.
    if (call.made === undefined && refreshThreshold !== undefined) {
      await this.#refreshIfDue(key, value, load, refreshThreshold);
    }
    return options.raw === true ? { value, expires: await this.#expires(key) } : value;
  }

  override on<E extends keyof CacheManagerEvents>(event: E, listener: CacheManagerEvents[E]): EventEmitter {
    return this.#events.on(event, listener);
  }

  override off<E extends keyof CacheManagerEvents>(event: E, listener: CacheManagerEvents[E]): EventEmitter {
    return this.#events.off(event, listener);
  }

  override async disconnect(): Promise<undefined> {
    if (this.#closes) await this.#cache.close();
    return undefined;
  }

  override cacheId(): string {
    return this.#id;
  }

  #warnUnstorable(key: string, error: Error): void {
    if (this.#warned) return;
    this.#warned = true;
    Logger.warn(
      `wrap() of ${describeValue(key)}: the value is not stored and is computed again by every call: ${error.message}`,
      'CacheManager',
    );
  }

  /** Refreshes in the background; callers keep the current value. The cache merges concurrent refreshes. */
  async #refreshIfDue<T>(key: string, value: T, load: Loader<T>, thresholdMs: number): Promise<void> {
    const left = await remainingMs(this.#cache, key);
    if (left === undefined || left === Infinity || left >= thresholdMs) return;
    this.#cache.getOrSet(key, load, { forceRefresh: true }).then(
      (fresh) => this.#emit('refresh', { key, value: fresh }),
      (error: unknown) => this.#emit('refresh', { key, value, error }),
    );
  }

  /** `undefined` equals a miss, so storing it deletes the entry. */
  async #store(key: string, value: unknown, ttl: number | undefined): Promise<void> {
    if (value === undefined) await this.#cache.delete(key);
    else await this.#cache.set(key, value, ttlFromMs(ttl ?? this.#options.ttl));
  }

  async #expires(key: string): Promise<number | undefined> {
    const left = await remainingMs(this.#cache, key);
    return left === undefined || left === Infinity ? undefined : Date.now() + left;
  }

  async #withEvents<T>(
    work: () => Promise<T>,
    done: (result: T) => void,
    failed: (error: unknown) => void,
  ): Promise<T> {
    try {
      const result = await work();
      done(result);
      return result;
    } catch (error) {
      failed(error);
      throw error;
    }
  }

  #emit<E extends keyof CacheManagerEvents>(event: E, ...args: Parameters<CacheManagerEvents[E]>): void {
    // Call listeners individually: with `emit`, a throwing listener would fail the operation.
    for (const listener of this.#events.rawListeners(event))
      runSafely(() => listener.apply(this.#events, args) as unknown);
  }
}

/** Remaining ttl in milliseconds. A foreign cache reports whole seconds only. */
async function remainingMs(cache: InfraCache, key: string): Promise<number | undefined> {
  if (cache instanceof TieredCache) return cache.remainingMs(key);
  const seconds = await cache.ttl(key);
  return seconds === undefined ? undefined : seconds * 1000;
}

function resolved<T>(value: number | ((of: T) => number) | undefined, of: T): number | undefined {
  return typeof value === 'function' ? value(of) : value;
}
