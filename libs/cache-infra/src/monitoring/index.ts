export { composeCallbacks, type CallbackEntry, type CallbackResult } from './compose-callbacks.js';
export type { LatencySummary } from './histogram.js';
export { CachePerformanceMonitor, type PerformanceMonitorOptions } from './performance-monitor.js';
export type {
  CacheReport,
  CompressionReport,
  CounterReport,
  KeyGenerationReport,
  OperationLatency,
  PerformanceStats,
  TierReport,
} from './performance-stats.js';
