import type { EventEmitter } from 'node:events';

import type { KeyvCacheStore } from '../keyv/keyv-cache-store.js';

/** A value, and when it expires: milliseconds since the epoch; `undefined` = never. */
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

/** How `wrap` stores what it made. */
export interface WrapOptions<T> {
  /** MILLISECONDS. */
  ttl?: number | ((value: T) => number) | undefined;
  /** MILLISECONDS: a value with less than that to live is made anew in the background. */
  refreshThreshold?: number | ((value: T) => number) | undefined;
}

export interface WrapOptionsRaw<T> extends WrapOptions<T> {
  raw: true;
}

/** What cache-manager tells its listeners. A listener that throws or rejects hurts nobody. */
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
 * The cache of cache-manager 7, and, as in `@nestjs/cache-manager`, the token under which it is injected.
 *
 * TTLS ARE MILLISECONDS HERE, and without one an entry never expires. Everywhere else in this library a number is seconds.
 */
export abstract class Cache {
  /** `undefined` when it is not there. */
  abstract get<T>(key: string): Promise<T | undefined>;
  /** In the order of `keys`; `undefined` for those that are not there. */
  abstract mget<T>(keys: string[]): Promise<(T | undefined)[]>;
  /** When the entry expires, in milliseconds since the epoch; `undefined` = never, or it is not there. */
  abstract ttl(key: string): Promise<number | undefined>;
  /** `ttl` in MILLISECONDS. Gives the value back. */
  abstract set<T>(key: string, value: T, ttl?: number): Promise<T>;
  /** Each `ttl` in MILLISECONDS. Gives the list back. */
  abstract mset<T>(list: CacheManagerEntry<T>[]): Promise<CacheManagerEntry<T>[]>;
  /** True, whether it was there or not. */
  abstract del(key: string): Promise<boolean>;
  /** True, whether they were there or not. */
  abstract mdel(keys: string[]): Promise<boolean>;
  abstract clear(): Promise<boolean>;
  /**
   * The cached value, or what `fnc` makes, which is stored then. One `fnc` runs per key, whatever the number of callers. `ttl` and
   * `refreshThreshold` in MILLISECONDS.
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
  /** Closes what stands behind it, if that was made for it alone. */
  abstract disconnect(): Promise<undefined>;
  abstract cacheId(): string;
  /** One store, whatever number of tiers there is behind it. */
  abstract readonly stores: readonly KeyvCacheStore[];
}
