export { composeCallbacks, type CallbackEntry, type CallbackResult } from './compose-callbacks.js';
export type { LatencySummary } from './histogram.js';
export { CachePerformanceMonitor, type PerformanceMonitorOptions } from './performance-monitor.js';
export type {
  CacheReport,
  CompressionReport,
  CounterReport,
  KeyGenerationReport,
  LatencyBuckets,
  OperationLatency,
  PerformanceStats,
  TierReport,
} from './performance-stats.js';
export {
  windowNames,
  type Answerer,
  type CacheWindow,
  type CountName,
  type GroupWindow,
  type OperationWindow,
  type RouteWindow,
  type TopKey,
  type TopTag,
  type WindowCounts,
  type WindowLatency,
  type WindowName,
  type WindowReport,
} from './windows/window-report.js';
