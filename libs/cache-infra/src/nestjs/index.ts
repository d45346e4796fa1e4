export { aiControl, type AiRequestHeaders } from './ai/ai-control.js';
export { aiEvents, sendAiStream, type SseResponse } from './ai/ai-sse.js';
export { getAiCacheToken, InjectAiCache } from './registry/ai-tokens.js';
export type { CacheContext, CacheContextRequest } from './registry/cache-context.js';
export { withCacheContext } from './vary/current-context.js';
export { CacheContextInterceptor } from './vary/cache-context.interceptor.js';
export { AiCached } from './decorators/ai-cached.js';
export type { AiCachedDecorator, AiCachedOptions } from './decorators/ai-cached-options.js';
export { CacheEvict } from './decorators/cache-evict.js';
export {
  CacheVaryProvider,
  type CacheFact,
  type CacheFacts,
  type CacheFactValue,
} from './registry/cache-facts.js';
export {
  CacheHealthIndicator,
  type CacheHealthDetails,
  type CacheHealthOptions,
} from './observe/cache-health.indicator.js';
export { CacheInfraModule } from './module/cache-infra.module.js';
export { CacheMonitoringInterceptor } from './observe/cache-monitoring.interceptor.js';
export { CachePut } from './decorators/cache-put.js';
export { CacheRegistry } from './registry/cache-registry.js';
export { Cacheable } from './decorators/cacheable.js';
export { CacheDefaults } from './decorators/class-defaults.js';
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
} from './decorators/decorator-options.js';
export type { FleetOptions } from '../fleet/fleet-options.js';
export type { EvictionTime } from './registry/eviction-time.js';
export { HttpCache, type HttpCacheOptions } from './http/adapter/http-cache.decorator.js';
export { HttpCacheInterceptor } from './http/adapter/http-cache.interceptor.js';
export { cacheableKey } from './decorators/method-key.js';
export type {
  CacheInfraAiOptions,
  CacheInfraAsyncOptions,
  CacheInfraConfig,
  CacheInfraFeatureOptions,
  CacheInfraModuleOptions,
  CacheInfraOptionsFactory,
  CacheInfraTestingOptions,
} from './module/module-options.js';
export { getCacheToken, getWholeCacheToken, InjectCache, InjectWholeCache } from './registry/tokens.js';
