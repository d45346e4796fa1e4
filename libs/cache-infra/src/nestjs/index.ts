export { getAiCacheToken, InjectAiCache } from './ai-tokens.js';
export { CacheEvict } from './cache-evict.js';
export {
  CacheHealthIndicator,
  type CacheHealthDetails,
  type CacheHealthOptions,
} from './cache-health.indicator.js';
export { CacheInfraModule } from './cache-infra.module.js';
export { CacheMonitoringInterceptor } from './cache-monitoring.interceptor.js';
export { CachePut } from './cache-put.js';
export { CacheRegistry } from './cache-registry.js';
export { Cacheable } from './cacheable.js';
export type {
  AsyncMethod,
  CacheableOptions,
  CacheEvictOptions,
  CacheMethodDecorator,
  CachePutOptions,
  MethodOptions,
  StoringOptions,
} from './decorator-options.js';
export { cacheableKey } from './method-key.js';
export type {
  CacheInfraAiOptions,
  CacheInfraAsyncOptions,
  CacheInfraModuleOptions,
  CacheInfraOptionsFactory,
  CacheInfraTestingOptions,
} from './module-options.js';
export { getCacheToken, InjectCache } from './tokens.js';
