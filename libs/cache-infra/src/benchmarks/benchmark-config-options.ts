import type { BenchmarkPresetName } from '../config/benchmark-environment.js';
import type { BenchmarkThresholds } from './thresholds.js';

export interface BenchmarkConfigOptions {
  /** Where values come from that nothing else gives. Default: `BENCHMARK_ENV`, else none. */
  preset?: BenchmarkPresetName | undefined;
  /** Measured runs. Default 100. */
  defaultIterations?: number | undefined;
  /** Runs before the measured ones. Default 10. */
  warmupIterations?: number | undefined;
  /** A benchmark that takes longer is ended, and reported as timed out. Seconds; default 60. */
  timeoutSeconds?: number | undefined;
  /** Report how much memory each benchmark takes. Default true. */
  enableMemoryTracking?: boolean | undefined;
  /** The suite measures compression. Default true. */
  enableCompressionTests?: boolean | undefined;
  /** Comparisons are judged by the thresholds. Default true. */
  enableRegressionDetection?: boolean | undefined;
  /** Of the generated data, the traces and the bootstrap. Default 1. */
  seed?: number | undefined;
  /** Each one by itself over those of the preset. */
  thresholds?: Partial<BenchmarkThresholds> | undefined;
}
