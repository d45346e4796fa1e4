import { assertOptions, booleanValue, nonNegativeInteger, positiveInteger, type Checks } from '../checks.js';
import { benchmarkIterations, type Environment } from '../config/environment.js';

export interface BenchmarkConfigOptions {
  /** Measured runs. Default: `BENCHMARK_DEFAULT_ITERATIONS`, else 100. */
  defaultIterations?: number | undefined;
  /** Runs before the measured ones. Default 10. */
  warmupIterations?: number | undefined;
  /** A benchmark that takes longer fails. Seconds; default 60. */
  timeoutSeconds?: number | undefined;
  /** Default true. */
  enableMemoryTracking?: boolean | undefined;
  /** Default true. */
  enableCompressionTests?: boolean | undefined;
}

const checks: Checks = {
  defaultIterations: positiveInteger,
  warmupIterations: nonNegativeInteger,
  timeoutSeconds: positiveInteger,
  enableMemoryTracking: booleanValue,
  enableCompressionTests: booleanValue,
};

/**
 * How benchmarks run.
 *
 * @throws ValidationError that lists every bad option
 */
export class BenchmarkConfig {
  readonly defaultIterations: number;
  readonly warmupIterations: number;
  readonly timeoutSeconds: number;
  readonly enableMemoryTracking: boolean;
  readonly enableCompressionTests: boolean;

  constructor(options: BenchmarkConfigOptions = {}, env?: Environment) {
    assertOptions('BenchmarkConfig', options, checks);
    this.defaultIterations = options.defaultIterations ?? benchmarkIterations(env) ?? 100;
    this.warmupIterations = options.warmupIterations ?? 10;
    this.timeoutSeconds = options.timeoutSeconds ?? 60;
    this.enableMemoryTracking = options.enableMemoryTracking ?? true;
    this.enableCompressionTests = options.enableCompressionTests ?? true;
  }
}
