export { benchmarkData, type BenchmarkRecord } from './benchmark-data.js';
export {
  cachePair,
  isolatedCache,
  makeFallbackCache,
  makeMemoryCache,
  makeRedisCache,
  makeTestingCache,
  withIsolatedCache,
} from './caches.js';
export {
  cacheVariables,
  cleanEnvironment,
  useCleanEnvironment,
  withEnvironment,
  type CacheVariable,
  type CacheVariables,
  type TestHooks,
} from './environment.js';
export { startRedisServer, type RedisServer, type StartRedisOptions } from './redis-server.js';
