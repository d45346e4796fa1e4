import { positiveInteger } from '../base/checks.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import type { BenchmarkReport } from './benchmark-report.js';
import type { CacheComparison, CacheComparisonOptions } from './cache-comparison.js';
import { compareCaches } from './compare-caches.js';
import { execute, type BenchmarkProgress, type ExecutionOptions } from './execution.js';
import { describeMachine, type Now } from './machine.js';
import { resultOf, type BenchmarkResult } from './results.js';
import { runSuite, type SuiteOptions } from './suite.js';
import {
  assertOption,
  WorkloadFactory,
  type BenchmarkOptions,
  type CompressionBenchmarkOptions,
  type ConcurrencyBenchmarkOptions,
  type StampedeBenchmarkOptions,
} from './workload-factory.js';
import type { Workload } from './workloads/workload.js';

export interface BenchmarkRunnerOptions {
  /** Clock in milliseconds from any origin. Default `performance.now`. */
  readonly now?: Now | undefined;
  /** Called with the progress of a run. */
  readonly onProgress?: ((progress: BenchmarkProgress) => void) | undefined;
}

/**
 * Runs benchmarks on your caches. Benchmarks use their own namespace, delete their entries and leave the cache open. A
 * benchmark that exceeds `timeoutSeconds` is stopped and marked in its result. Failed calls lower `successRate`.
 *
 * ```ts
 * const runner = new CacheBenchmarkRunner(ConfigPresets.ciConfig());
 * const result = await runner.runBulkSetBenchmark({ cache, testData: benchmarkData() });
 * console.log(result.p95DurationMs, result.operationsPerSecond);
 * ```
 *
 * @throws ValidationError for an invalid option
 */
export class CacheBenchmarkRunner {
  readonly config: BenchmarkConfig;
  readonly #workloads: WorkloadFactory;
  readonly #execution: ExecutionOptions;

  constructor(config: BenchmarkConfig | BenchmarkConfigOptions = {}, options: BenchmarkRunnerOptions = {}) {
    this.config = config instanceof BenchmarkConfig ? config : new BenchmarkConfig(config);
    this.#workloads = new WorkloadFactory(this.config);
    this.#execution = {
      config: this.config,
      now: options.now ?? (() => performance.now()),
      onProgress: options.onProgress ?? (() => undefined),
    };
  }

  /** Measures each operation separately. A sample is one call. */
  async runBasicOperations(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.basicOperations(options));
  }

  /** Stores all records by `set`, one by one, and by `setMany`, in `parts`. A sample is one `set`. */
  async runBulkSetBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.bulkSet(options));
  }

  /**
   * Measures the memory of entries, and whether deleting frees it. A sample is one `set`; see `retainedMb` and
   * `details`.
   */
  async runMemoryBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.memory(options));
  }

  /** Measures cost and gain of compression, in a cache or of the codec alone. A sample is one write or one read. */
  async runCompressionBenchmark(options: CompressionBenchmarkOptions = {}): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.compression(options));
  }

  /** Measures concurrent workers on keys of Zipf popularity. A sample is one call. */
  async runConcurrencyBenchmark(options: ConcurrencyBenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.concurrency(options));
  }

  /** Measures concurrent callers of one cold key. A sample is one stampede; it succeeds with exactly one load. */
  async runStampedeBenchmark(options: StampedeBenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.stampede(options));
  }

  /** Runs all benchmarks on one or several caches, interleaved, and comparisons; judges them by the thresholds. */
  async runSuite(options: SuiteOptions): Promise<BenchmarkReport> {
    return runSuite(options, this.#workloads, this.#execution);
  }

  /** Compares the speed of `newCache` with that of `originalCache`, interleaved in one run. */
  async runCacheComparison(options: CacheComparisonOptions): Promise<CacheComparison> {
    const { iterations = 1, operationsPerRound = 1 } = options;
    assertOption('iterations', iterations, positiveInteger);
    assertOption('operationsPerRound', operationsPerRound, positiveInteger);
    return compareCaches(options, this.#execution);
  }

  async #run(workload: Workload): Promise<BenchmarkResult> {
    const environment = describeMachine(this.#execution.now);
    const { executed } = await execute([workload], this.#execution);
    const [only] = executed.map((each) =>
      resultOf(each.workload, each.measurement, environment, each.memory),
    );
    return only as BenchmarkResult;
  }
}
