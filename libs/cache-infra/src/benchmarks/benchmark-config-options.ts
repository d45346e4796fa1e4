import type { BenchmarkPresetName } from '../config/benchmark-environment.js';
import type { BenchmarkThresholds } from './thresholds.js';

export interface BenchmarkConfigOptions {
  /** Preset of the options that are not given otherwise. Default: `BENCHMARK_ENV`, else none. */
  preset?: BenchmarkPresetName | undefined;
  /** Measured iterations. Default 100. */
  defaultIterations?: number | undefined;
  /** Warm-up iterations before the measured ones. Default 10. */
  warmupIterations?: number | undefined;
  /** Time limit of a benchmark in seconds; a longer one is stopped and reported as timed out. Default 60. */
  timeoutSeconds?: number | undefined;
  /** Report the memory of each benchmark. Default true. */
  enableMemoryTracking?: boolean | undefined;
  /** Measure compression in the suite. Default true. */
  enableCompressionTests?: boolean | undefined;
  /** Judge comparisons by the thresholds. Default true. */
  enableRegressionDetection?: boolean | undefined;
  /** Seed of the generated data, the traces and the bootstrap. Default 1. */
  seed?: number | undefined;
  /** Thresholds that override those of the preset, one by one. */
  thresholds?: Partial<BenchmarkThresholds> | undefined;
}
