export { CachePrometheusModule, type CachePrometheusModuleOptions } from './cache-prometheus.module.js';
export { CachePrometheusMetrics, type CachePrometheusOptions } from './prometheus-metrics.js';
