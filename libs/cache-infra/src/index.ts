// `CacheService` for editors: the browser's types have a `Cache`, so an import of ours is not offered.
export { Cache, Cache as CacheService } from './cache/contract/cache.js';
export type {
  AdvancedOptions,
  BaseAdvancedOptions,
  BaseCacheOptions,
  EncryptionOptions,
  InMemoryCacheOptions,
  RedisCacheOptions,
} from './cache/contract/cache-options.js';
export type {
  Absent,
  Bulk,
  BulkDecisions,
  BulkLoadContext,
  BulkLoader,
  BulkLoadOptions,
} from './cache/contract/bulk-load.js';
export { deferInvalidations, type DeferOptions } from './cache/deferred-invalidations.js';
export type { CacheEventListener, CacheEventName, CacheEvents } from './cache/contract/events.js';
export type { CacheHealth, CacheStatus, L1Health, L2Health } from './cache/contract/health.js';
export { InMemoryCache } from './cache/in-memory-cache.js';
export type { LockContext, LockedWork, LockOptions } from './cache/contract/lock.js';
export type { CacheLogger } from './cache/contract/logger.js';
export type {
  CacheMonitor,
  CacheOperation,
  CacheSource,
  KeyGenerationRecord,
  LoadRecord,
  OperationHook,
  OperationRecord,
  TagRecord,
} from './cache/contract/monitor.js';
export type {
  ClassReference,
  Coherence,
  Isolation,
  LoadContext,
  Loader,
  LoadOptions,
  OnError,
  Revive,
  StoreOptions,
  Tiers,
  Ttl,
} from './cache/contract/options.js';
export { RedisCache } from './cache/redis-cache.js';
export type {
  LoadSource,
  NotStoredReason,
  TracedCall,
  TracedLoad,
  TracedPeer,
} from './cache/contract/tracing.js';
export type { TruthStats, UntruthCause } from './cache/contract/truth.js';
export type { SchemaResult, ValueSchema } from './cache/contract/value-schema.js';
export type { CacheStats, CompressionStats, JournalStats, TierStats } from './cache/contract/stats.js';
export type { ByteSize, MemorySize } from './base/byte-size.js';
export { systemClock, type Clock } from './base/clock.js';
export type { CacheType } from './values/cache-type.js';
export type { Class } from './values/class.js';
export type { EncryptionKey } from './codec/encryption.js';
export {
  bigNumberType,
  classType,
  decimalType,
  luxonType,
  objectIdType,
  temporalTypes,
  type LuxonDateTime,
  type LuxonDateTimeClass,
  type TemporalClass,
  type TemporalClasses,
  type TextClass,
} from './values/ready-types.js';
export {
  AiBatchError,
  AiNotCachedError,
  BulkLoadError,
  CacheClosedError,
  CacheError,
  CacheTimeoutError,
  CircularLoadError,
  InfrastructureError,
  LockLostError,
  LockNotAcquiredError,
  SerializationError,
  ValidationError,
  type CacheErrorCode,
  type ValidationProblem,
} from './base/errors.js';
export type {
  RedisClientInstance,
  RedisConnectionOptions,
  RedisServerOptions,
} from './tiers/redis/options.js';
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
