import { Cache } from '../cache/contract/cache.js';
import type { BulkLoader, BulkLoadOptions } from '../cache/contract/bulk-load.js';
import type { CacheEventListener, CacheEventName } from '../cache/contract/events.js';
import type { LockedWork, LockOptions } from '../cache/contract/lock.js';
import type { Loader, LoadOptions, StoreOptions, Ttl } from '../cache/contract/options.js';
import type { CacheStats } from '../cache/contract/stats.js';

/** Returns the cache behind a spy or chaos cache; used within this folder only. */
export let innerOf: (cache: Cache) => Cache;

/** A cache that forwards every call to another cache; subclasses override calls. */
export abstract class ForwardingCache extends Cache {
  protected readonly inner: Cache;

  static {
    innerOf = (cache) => (cache instanceof ForwardingCache ? innerOf(cache.inner) : cache);
  }

  constructor(inner: Cache) {
    super();
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  get defaultTtl(): number {
    return this.inner.defaultTtl;
  }

  get maxSize(): number {
    return this.inner.maxSize;
  }

  override async get<T = unknown>(key: string): Promise<T | undefined> {
    return this.call('get', [key], () => this.inner.get<T>(key));
  }

  override async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    return this.call('getMany', [keys], () => this.inner.getMany<T>(keys));
  }

  override async set<T>(key: string, value: T, options?: Ttl | StoreOptions): Promise<void> {
    return this.call('set', [key, value, options], () => this.inner.set(key, value, options));
  }

  override async setMany<T>(
    entries: Iterable<readonly [string, T]>,
    options?: Ttl | StoreOptions,
  ): Promise<void> {
    return this.call('setMany', [entries, options], () => this.inner.setMany(entries, options));
  }

  override async getOrSet<T, S = T>(
    key: string,
    loader: Loader<T, S>,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    return this.call('getOrSet', [key, loader, options], () => this.inner.getOrSet(key, loader, options));
  }

  override async getOrSetMany<T, S = T>(
    keys: readonly string[],
    loadMissing: BulkLoader<T, S>,
    options?: Ttl | BulkLoadOptions,
  ): Promise<Map<string, T>> {
    const forward = (): Promise<Map<string, T>> => this.inner.getOrSetMany(keys, loadMissing, options);
    return this.call('getOrSetMany', [keys, loadMissing, options], forward);
  }

  override async *keys(pattern?: string): AsyncGenerator<string, void> {
    yield* await this.call('keys', [pattern], async () => this.inner.keys(pattern));
  }

  override async has(key: string): Promise<boolean> {
    return this.call('has', [key], () => this.inner.has(key));
  }

  override async ttl(key: string): Promise<number | undefined> {
    return this.call('ttl', [key], () => this.inner.ttl(key));
  }

  override async expire(key: string): Promise<boolean> {
    return this.call('expire', [key], () => this.inner.expire(key));
  }

  override async delete(key: string): Promise<boolean> {
    return this.call('delete', [key], () => this.inner.delete(key));
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    return this.call('deleteMany', [keys], () => this.inner.deleteMany(keys));
  }

  override async invalidateTags(...tags: string[]): Promise<void> {
    return this.call('invalidateTags', tags, () => this.inner.invalidateTags(...tags));
  }

  override async expireTags(...tags: string[]): Promise<void> {
    return this.call('expireTags', tags, () => this.inner.expireTags(...tags));
  }

  override async invalidatePattern(glob: string): Promise<number> {
    return this.call('invalidatePattern', [glob], () => this.inner.invalidatePattern(glob));
  }

  override async clear(): Promise<void> {
    return this.call('clear', [], () => this.inner.clear());
  }

  override lock<T>(name: string, ttl: Ttl, work: LockedWork<T>, options?: LockOptions): Promise<T> {
    return this.inner.lock(name, ttl, work, options);
  }

  override stats(): CacheStats {
    return this.inner.stats();
  }

  override on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.inner.on(event, listener);
    return this;
  }

  override off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.inner.off(event, listener);
    return this;
  }

  override async close(): Promise<void> {
    await this.inner.close();
  }

  /** Receives every call that reads or changes entries. */
  protected abstract call<T>(
    operation: CacheCallOperation,
    args: readonly unknown[],
    forward: () => Promise<T>,
  ): Promise<T>;
}

/** The methods that read or change entries. */
export type CacheCallOperation =
  | 'get'
  | 'getMany'
  | 'set'
  | 'setMany'
  | 'getOrSet'
  | 'getOrSetMany'
  | 'keys'
  | 'has'
  | 'ttl'
  | 'expire'
  | 'delete'
  | 'deleteMany'
  | 'invalidateTags'
  | 'expireTags'
  | 'invalidatePattern'
  | 'clear';
