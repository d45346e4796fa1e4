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
  /** Milliseconds from any origin. Default `performance.now`. */
  readonly now?: Now | undefined;
  /** Told how far a run is. */
  readonly onProgress?: ((progress: BenchmarkProgress) => void) | undefined;
}

/**
 * Runs benchmarks on caches of yours. They keep to a namespace of their own there, delete what they stored, and leave the cache open. A
 * benchmark that passes `timeoutSeconds` is ended and says so in its result; a call that fails counts in `successRate`.
 *
 * ```ts
 * const runner = new CacheBenchmarkRunner(ConfigPresets.ciConfig());
 * const result = await runner.runBulkSetBenchmark({ cache, testData: benchmarkData() });
 * console.log(result.p95DurationMs, result.operationsPerSecond);
 * ```
 *
 * @throws ValidationError when an option is wrong
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

  /** Each operation by itself. A sample is one call. */
  async runBasicOperations(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.basicOperations(options));
  }

  /** All records by `set`, one after the other; by `setMany` as well, in `parts`. A sample is one `set`. */
  async runBulkSetBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.bulkSet(options));
  }

  /** How much memory entries hold, and whether deleting frees it. A sample is one `set`; see `retainedMb` and `details`. */
  async runMemoryBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.memory(options));
  }

  /** What compression costs and gains, in a cache or by itself. A sample is one value written, or one read. */
  async runCompressionBenchmark(options: CompressionBenchmarkOptions = {}): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.compression(options));
  }

  /** Workers at once, on keys of which some are popular. A sample is one call. */
  async runConcurrencyBenchmark(options: ConcurrencyBenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.concurrency(options));
  }

  /** Callers of one cold key at once. A sample is one stampede; `successRate` counts those that took one load. */
  async runStampedeBenchmark(options: StampedeBenchmarkOptions): Promise<BenchmarkResult> {
    return this.#run(this.#workloads.stampede(options));
  }

  /** All of these on one or several caches, by turns, and comparisons; judged by the thresholds. */
  async runSuite(options: SuiteOptions): Promise<BenchmarkReport> {
    return runSuite(options, this.#workloads, this.#execution);
  }

  /** Whether `newCache` is faster or slower than `originalCache`, measured by turns in this run. */
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
