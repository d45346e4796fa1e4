// `CacheService` for editors: the browser's types have a `Cache`, so an import of ours is not offered.
export { Cache, Cache as CacheService } from './cache/cache.js';
export type {
  BaseCacheOptions,
  EncryptionOptions,
  InMemoryCacheOptions,
  RedisCacheOptions,
} from './cache/cache-options.js';
export type { CacheEventListener, CacheEventName, CacheEvents } from './cache/events.js';
export type { CacheHealth, CacheStatus, L1Health, L2Health } from './cache/health.js';
export { InMemoryCache } from './cache/in-memory-cache.js';
export type { CacheLogger } from './cache/logger.js';
export type {
  CacheMonitor,
  CacheOperation,
  CacheSource,
  KeyGenerationRecord,
  OperationHook,
  OperationRecord,
} from './cache/monitor.js';
export type {
  Coherence,
  Isolation,
  LoadContext,
  Loader,
  LoadOptions,
  OnError,
  StoreOptions,
  Tiers,
  Ttl,
} from './cache/options.js';
export { RedisCache } from './cache/redis-cache.js';
export type { CacheStats, CompressionStats, JournalStats, TierStats } from './cache/stats.js';
export { systemClock, type Clock } from './clock.js';
export type { EncryptionKey } from './codec/encryption.js';
export {
  CacheClosedError,
  CacheError,
  CacheTimeoutError,
  InfrastructureError,
  SerializationError,
  ValidationError,
  type CacheErrorCode,
  type ValidationProblem,
} from './errors.js';
export type { RedisConnectionOptions, RedisServerOptions } from './tiers/redis-options.js';
export * from './ai/index.js';
export { CacheFactory } from './config/cache-factory.js';
export {
  cacheConfigSchema,
  cacheEnvironmentSchema,
  type JsonSchema,
  type StandardSchema,
} from './config/config-schema.js';
export * from './monitoring/index.js';
export * from './nestjs/index.js';
