import type { BenchmarkConfig } from './benchmark-config.js';
import type { CacheComparison } from './cache-comparison.js';
import type { DurationChange } from './comparison.js';
import type { BenchmarkEnvironment } from './machine.js';
import type { BenchmarkResult } from './results.js';

/** Schema version of the JSON report. Reports of other versions are refused. */
export const reportSchemaVersion = 1;
export const reportTool = 'nestjs-cache-infra benchmarks';

/** A violated threshold. */
export interface BenchmarkFinding {
  /** A `failure` fails the run. */
  readonly level: 'warning' | 'failure';
  readonly message: string;
}

/** The change of a benchmark against the benchmark of the same name and cache in a stored report. */
export interface BaselineChange extends DurationChange {
  readonly name: string;
  readonly cache: string;
  /** Milliseconds. */
  readonly baselineMedianMs: number;
  readonly medianMs: number;
}

export interface BaselineComparison {
  readonly baselineStartedAt: string;
  /**
   * Duration of the reference work relative to the baseline's: above 1 = a slower machine. The changes are corrected
   * for it.
   */
  readonly machineRatio: number;
  readonly changes: readonly BaselineChange[];
  /** Benchmarks in only one of the reports, as `cache: name`. */
  readonly unmatched: readonly string[];
}

/** A run of the suite. */
export interface BenchmarkReport {
  readonly tool: typeof reportTool;
  readonly schemaVersion: typeof reportSchemaVersion;
  readonly suiteName: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly environment: BenchmarkEnvironment;
  readonly config: BenchmarkConfig;
  /** Milliseconds of the reference work, at several times of the run. */
  readonly referenceMs: readonly number[];
  readonly results: readonly BenchmarkResult[];
  readonly comparisons: readonly CacheComparison[];
  readonly baseline?: BaselineComparison | undefined;
  readonly findings: readonly BenchmarkFinding[];
  /** True if no finding is a failure. */
  readonly passed: boolean;
}
