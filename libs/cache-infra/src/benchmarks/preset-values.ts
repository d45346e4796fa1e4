import type { BenchmarkPresetName } from '../config/benchmark-environment.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';

/** Options of each preset; the others have the defaults of `BenchmarkConfig`. */
export const presetValues: Readonly<Record<BenchmarkPresetName, Readonly<BenchmarkConfigOptions>>> = {
  development: {
    defaultIterations: 50,
    warmupIterations: 5,
    timeoutSeconds: 120,
    thresholds: {
      averageMs: 100,
      p95Ms: 200,
      p99Ms: 500,
      memoryMb: 100,
      successRate: 0.9,
      regressionWarningPercent: 15,
      regressionCriticalPercent: 40,
    },
  },
  testing: {
    defaultIterations: 100,
    warmupIterations: 10,
    timeoutSeconds: 300,
    thresholds: { regressionWarningPercent: 15, regressionCriticalPercent: 30 },
  },
  ci: {
    defaultIterations: 200,
    warmupIterations: 10,
    timeoutSeconds: 400,
    thresholds: { successRate: 0.99 },
  },
  production: {
    defaultIterations: 500,
    warmupIterations: 20,
    timeoutSeconds: 600,
    thresholds: {
      averageMs: 20,
      p95Ms: 50,
      p99Ms: 100,
      successRate: 0.999,
      regressionWarningPercent: 5,
      regressionCriticalPercent: 15,
    },
  },
};
