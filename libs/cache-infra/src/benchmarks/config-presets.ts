import type { BenchmarkPresetName } from '../config/benchmark-environment.js';
import type { Environment } from '../config/environment.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';

/**
 * Preset configurations. `overrides` and the environment (`BENCHMARK_*`) override the preset.
 *
 * ```ts
 * const runner = new CacheBenchmarkRunner(ConfigPresets.ciConfig());
 * ```
 */
export const ConfigPresets = {
  /** 50 iterations, 120 s, wide thresholds: for development. */
  developmentConfig: made('development'),
  /** 100 iterations, 300 s. */
  testingConfig: made('testing'),
  /** 200 iterations, 400 s: for shared machines. */
  ciConfig: made('ci'),
  /** 500 iterations, 600 s, narrow thresholds: for idle machines. */
  productionConfig: made('production'),
} as const;

function made(preset: BenchmarkPresetName) {
  return (overrides: BenchmarkConfigOptions = {}, env?: Environment): BenchmarkConfig =>
    new BenchmarkConfig({ ...overrides, preset }, env);
}
