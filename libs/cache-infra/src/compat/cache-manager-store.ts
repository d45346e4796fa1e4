import { KeyvCacheStore } from '../keyv/keyv-cache-store.js';

type KeyvFunction = (data: never) => unknown;

/**
 * An element of `stores`: has the methods that applications call on the Keyv instance that stands there in
 * cache-manager. Ttls are MILLISECONDS.
 *
 * ```ts
 * for await (const [key, value] of cache.stores[0].iterator()) console.log(key, value);
 * ```
 */
export class CacheManagerStore extends KeyvCacheStore {
  /** Accepted for compatibility, without effect: the cache serializes values itself. */
  serialize: KeyvFunction | undefined = undefined;
  /** Accepted for compatibility, without effect. */
  deserialize: KeyvFunction | undefined = undefined;
}
