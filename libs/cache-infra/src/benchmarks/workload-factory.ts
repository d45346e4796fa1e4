import type { Cache } from '../cache/contract/cache.js';
import {
  fraction,
  integerBetween,
  nonNegativeInteger,
  positiveInteger,
  problemsAt,
  type Check,
} from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import type { BenchmarkConfig } from './benchmark-config.js';
import { BenchmarkDataGenerator, type BenchmarkEntry } from './data-generator.js';
import { entriesOf, type TestData } from './test-data.js';
import { BasicOperations } from './workloads/basic-operations.js';
import { BulkSet } from './workloads/bulk-set.js';
import { CompressionInCache, CompressionInCodec } from './workloads/compression.js';
import { Concurrency } from './workloads/concurrency.js';
import { Memory } from './workloads/memory.js';
import { Stampede } from './workloads/stampede.js';
import type { Workload } from './workloads/workload.js';

export interface BenchmarkOptions {
  readonly cache: Cache;
  /** Records to store. Default: generated from the seed of the configuration. */
  readonly testData?: TestData | undefined;
  /** Default: `defaultIterations` of the configuration; at most 8 for memory, because each collects garbage. */
  readonly iterations?: number | undefined;
}

export interface CompressionBenchmarkOptions extends Omit<BenchmarkOptions, 'cache'> {
  /** The cache to measure. Default: none, to measure the codec of the library alone. */
  readonly cache?: Cache | undefined;
  /** Bytes; for the codec alone. Default 1000. */
  readonly compressionThreshold?: number | undefined;
  /** 1-9; for the codec alone. Default 6. */
  readonly compressionLevel?: number | undefined;
}

export interface ConcurrencyBenchmarkOptions extends BenchmarkOptions {
  /** Concurrent workers. Default 5. */
  readonly workers?: number | undefined;
  /** Calls per worker. Default 100. */
  readonly operationsPerWorker?: number | undefined;
  /** Share of reads, 0-1. Default 0.8. */
  readonly readShare?: number | undefined;
}

export interface StampedeBenchmarkOptions extends Omit<BenchmarkOptions, 'testData'> {
  /** Concurrent callers. Default 100. */
  readonly callers?: number | undefined;
}

const recordCount = 50;
const memoryRecordCount = 500;
const memoryIterations = 8;
const traceLength = 10_000;

/** Creates the workloads of a configuration, with data generated from its seed by default. */
export class WorkloadFactory {
  readonly #config: BenchmarkConfig;
  readonly #data: BenchmarkDataGenerator;

  constructor(config: BenchmarkConfig) {
    this.#config = config;
    this.#data = new BenchmarkDataGenerator(config.seed);
  }

  basicOperations(options: BenchmarkOptions): Workload {
    return new BasicOperations(options.cache, this.#records(options), this.#iterations(options));
  }

  bulkSet(options: BenchmarkOptions): Workload {
    return new BulkSet(options.cache, this.#records(options), this.#iterations(options));
  }

  memory({ cache, testData, iterations }: BenchmarkOptions): Workload {
    const atMost = Math.min(memoryIterations, this.#config.defaultIterations);
    const entries = testData === undefined ? this.#data.medium(memoryRecordCount) : entriesOf(testData);
    return new Memory(cache, entries, this.#iterations({ iterations: iterations ?? atMost }));
  }

  compression(options: CompressionBenchmarkOptions): Workload {
    const { cache, testData, compressionThreshold = 1000, compressionLevel = 6 } = options;
    assertOption('compressionThreshold', compressionThreshold, nonNegativeInteger);
    assertOption('compressionLevel', compressionLevel, integerBetween(1, 9));
    const entries = testData === undefined ? this.#data.text(recordCount) : entriesOf(testData);
    const iterations = this.#iterations(options);
    return cache === undefined
      ? new CompressionInCodec(entries, iterations, { compressionThreshold, compressionLevel })
      : new CompressionInCache(cache, entries, iterations);
  }

  concurrency(options: ConcurrencyBenchmarkOptions): Workload {
    const { workers = 5, operationsPerWorker = 100, readShare = 0.8 } = options;
    assertOption('workers', workers, positiveInteger);
    assertOption('operationsPerWorker', operationsPerWorker, positiveInteger);
    assertOption('readShare', readShare, fraction);
    const entries = this.#records(options);
    const trace = this.#data.zipfTrace({ keys: entries.length, length: traceLength });
    return new Concurrency(options.cache, entries, this.#iterations(options), {
      workers,
      operationsPerWorker,
      readShare,
      trace,
    });
  }

  stampede({ cache, iterations, callers = 100 }: StampedeBenchmarkOptions): Workload {
    assertOption('callers', callers, positiveInteger);
    return new Stampede(cache, this.#iterations({ iterations }), callers);
  }

  /** The workloads of the suite for one cache. */
  all(cache: Cache): Workload[] {
    return [
      this.basicOperations({ cache }),
      this.bulkSet({ cache }),
      this.memory({ cache }),
      ...(this.#config.enableCompressionTests ? [this.compression({ cache })] : []),
      this.concurrency({ cache }),
      this.stampede({ cache }),
    ];
  }

  #records({ testData }: Pick<BenchmarkOptions, 'testData'>): readonly BenchmarkEntry[] {
    return testData === undefined ? this.#data.json(recordCount) : entriesOf(testData);
  }

  #iterations({ iterations = this.#config.defaultIterations }: Pick<BenchmarkOptions, 'iterations'>): number {
    assertOption('iterations', iterations, positiveInteger);
    return iterations;
  }
}

/** @throws ValidationError */
export function assertOption(name: string, value: unknown, check: Check): void {
  const problems = problemsAt(name, value, check);
  if (problems.length > 0) throw new ValidationError(problems, 'CacheBenchmarkRunner');
}
