export { getAiCacheToken, InjectAiCache } from './ai-tokens.js';
export { withCacheContext, type CacheContext, type CacheContextRequest } from './cache-context.js';
export { CacheContextInterceptor } from './cache-context.interceptor.js';
export { CacheEvict } from './cache-evict.js';
export { CacheVaryProvider, type CacheFact, type CacheFacts, type CacheFactValue } from './cache-facts.js';
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
export { CacheDefaults } from './class-defaults.js';
export type {
  AsyncMethod,
  CacheableOptions,
  CacheDefaultsOptions,
  CacheEvictOptions,
  CacheMethodDecorator,
  CachePutOptions,
  MethodOptions,
  MethodOptionsFor,
  NamedMethodDecorator,
  StoringOptions,
} from './decorator-options.js';
export { HttpCache, type HttpCacheOptions } from './http/http-cache.decorator.js';
export { HttpCacheInterceptor } from './http/http-cache.interceptor.js';
export { cacheableKey } from './method-key.js';
export type {
  CacheInfraAiOptions,
  CacheInfraAsyncOptions,
  CacheInfraConfig,
  CacheInfraFeatureOptions,
  CacheInfraModuleOptions,
  CacheInfraOptionsFactory,
  CacheInfraTestingOptions,
} from './module-options.js';
export { getCacheToken, InjectCache } from './tokens.js';
