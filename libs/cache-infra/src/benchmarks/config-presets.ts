import type { BenchmarkPresetName } from '../config/benchmark-environment.js';
import type { Environment } from '../config/environment.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';

/**
 * Configurations to start from. What `overrides` and the environment (`BENCHMARK_*`) say wins over the preset.
 *
 * ```ts
 * const runner = new CacheBenchmarkRunner(ConfigPresets.ciConfig());
 * ```
 */
export const ConfigPresets = {
  /** 50 iterations, 120 s, wide thresholds: while one works. */
  developmentConfig: made('development'),
  /** 100 iterations, 300 s. */
  testingConfig: made('testing'),
  /** 200 iterations, 400 s: on machines that others use as well. */
  ciConfig: made('ci'),
  /** 500 iterations, 600 s, narrow thresholds: on a quiet machine. */
  productionConfig: made('production'),
} as const;

function made(preset: BenchmarkPresetName) {
  return (overrides: BenchmarkConfigOptions = {}, env?: Environment): BenchmarkConfig =>
    new BenchmarkConfig({ ...overrides, preset }, env);
}
