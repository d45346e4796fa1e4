export { CacheInterceptor } from './cache.interceptor.js';
export { CacheKey, type CacheKeyFactory } from './cache-key.decorator.js';
export type { CacheManagerStore } from './cache-manager-store.js';
export {
  Cache,
  type CacheManagerEntry,
  type CacheManagerEvents,
  type StoredValue,
  type WrapOptions,
  type WrapOptionsRaw,
} from './cache-manager.types.js';
export {
  CACHE_MODULE_OPTIONS,
  CacheModule,
  type CacheManagerOptions,
  type CacheModuleAsyncOptions,
  type CacheModuleExtras,
  type CacheModuleOptions,
  type CacheOptions,
  type CacheOptionsFactory,
} from './cache.module.js';
export { CacheTTL, type CacheTTLFactory } from './cache-ttl.decorator.js';
export { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './constants.js';
export { createCache, type CreateCacheOptions } from './create-cache.js';
