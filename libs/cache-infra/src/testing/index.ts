export { benchmarkData, type BenchmarkRecord } from './benchmark-data.js';
export { cacheMatchers, type CacheMatchers } from './cache-matchers.js';
export { CacheSpy, type CacheCall, type CacheLoad } from './cache-spy.js';
export {
  cachePair,
  isolatedCache,
  makeFallbackCache,
  makeMemoryCache,
  makeRedisCache,
  makeTestingCache,
  withIsolatedCache,
} from './caches.js';
export { ChaosCache, withChaos, type Chaos, type ChaosOptions } from './chaos-cache.js';
export { drillOutage, type DrillInstance, type DrillOptions, type DrillReport } from './drill-outage.js';
export {
  cacheVariables,
  cleanEnvironment,
  useCleanEnvironment,
  withEnvironment,
  type CacheVariable,
  type CacheVariables,
  type TestHooks,
} from './environment.js';
export { ManualClock } from '../base/manual-clock.js';
export type { CacheCallOperation } from './forwarding-cache.js';
export { startRedisServer, type RedisServer, type StartRedisOptions } from './redis-server.js';
export { startTcpProxy, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.js';
export type { ProxiedConnection } from './proxied-connection.js';
export type { ProxyDirection, ProxyFaults } from './proxy-faults.js';
