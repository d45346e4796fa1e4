import type { EventEmitter } from 'node:events';

import type { CacheManagerStore } from './cache-manager-store.js';

/** A value and its expiry: milliseconds since the epoch; `undefined` = never. */
export interface StoredValue<T> {
  readonly value: T;
  readonly expires: number | undefined;
}

/** An entry of `mset`. */
export interface CacheManagerEntry<T> {
  key: string;
  value: T;
  /** MILLISECONDS. */
  ttl?: number | undefined;
}

/** The storing options of `wrap`. */
export interface WrapOptions<T> {
  /** MILLISECONDS. */
  ttl?: number | ((value: T) => number) | undefined;
  /** MILLISECONDS: a value with less remaining ttl is refreshed in the background. */
  refreshThreshold?: number | ((value: T) => number) | undefined;
}

export interface WrapOptionsRaw<T> extends WrapOptions<T> {
  raw: true;
}

/** The events of cache-manager. A listener that throws or rejects affects no operation. */
export interface CacheManagerEvents {
  get: (data: { key: string; value?: unknown; error?: unknown }) => unknown;
  mget: (data: { keys: string[]; values?: unknown[]; error?: unknown }) => unknown;
  ttl: (data: { key: string; value?: number | undefined; error?: unknown }) => unknown;
  set: (data: { key: string; value: unknown; error?: unknown }) => unknown;
  mset: (data: { list: CacheManagerEntry<unknown>[]; error?: unknown }) => unknown;
  del: (data: { key: string; error?: unknown }) => unknown;
  mdel: (data: { keys: string[]; error?: unknown }) => unknown;
  clear: (error?: unknown) => unknown;
  refresh: (data: { key: string; value: unknown; error?: unknown }) => unknown;
}

/**
 * The cache of cache-manager 7, and its injection token, as in `@nestjs/cache-manager`.
 *
 * TTLS ARE MILLISECONDS HERE, and an entry without one never expires. Everywhere else in this library a number is
 * seconds.
 */
export abstract class Cache {
  /** `undefined` on a miss. */
  abstract get<T>(key: string): Promise<T | undefined>;
  /** In the order of `keys`; `undefined` for each miss. */
  abstract mget<T>(keys: string[]): Promise<(T | undefined)[]>;
  /** The expiry in milliseconds since the epoch; `undefined` = never, or no such entry. */
  abstract ttl(key: string): Promise<number | undefined>;
  /** `ttl` in MILLISECONDS. Returns the value. */
  abstract set<T>(key: string, value: T, ttl?: number): Promise<T>;
  /** Each `ttl` in MILLISECONDS. Returns the list. */
  abstract mset<T>(list: CacheManagerEntry<T>[]): Promise<CacheManagerEntry<T>[]>;
  /** Always true, whether or not the entry existed. */
  abstract del(key: string): Promise<boolean>;
  /** Always true, whether or not the entries existed. */
  abstract mdel(keys: string[]): Promise<boolean>;
  abstract clear(): Promise<boolean>;
  /**
   * The cached value, or the result of `fnc`, which is then stored. Concurrent calls for one key share one `fnc`. `ttl`
   * and `refreshThreshold` in MILLISECONDS.
   */
  abstract wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    ttl?: number | ((value: T) => number),
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T>;
  abstract wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    options: WrapOptionsRaw<T>,
  ): Promise<StoredValue<T>>;
  abstract wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
  abstract on<E extends keyof CacheManagerEvents>(event: E, listener: CacheManagerEvents[E]): EventEmitter;
  abstract off<E extends keyof CacheManagerEvents>(event: E, listener: CacheManagerEvents[E]): EventEmitter;
  /** Closes the underlying cache, if this cache owns it. */
  abstract disconnect(): Promise<undefined>;
  abstract cacheId(): string;
  /** One store, regardless of the number of tiers. */
  abstract readonly stores: readonly CacheManagerStore[];
}
