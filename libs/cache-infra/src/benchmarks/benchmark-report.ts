import type { BenchmarkConfig } from './benchmark-config.js';
import type { CacheComparison } from './cache-comparison.js';
import type { DurationChange } from './comparison.js';
import type { BenchmarkEnvironment } from './machine.js';
import type { BenchmarkResult } from './results.js';

/** Of the JSON report. A report of another version is refused, not guessed at. */
export const reportSchemaVersion = 1;
export const reportTool = 'nestjs-cache-infra benchmarks';

/** Something that the thresholds have to say about. */
export interface BenchmarkFinding {
  /** `failure`: the run is not passed. */
  readonly level: 'warning' | 'failure';
  readonly message: string;
}

/** How a benchmark stands to the one of the same name and cache in a stored report. */
export interface BaselineChange extends DurationChange {
  readonly name: string;
  readonly cache: string;
  /** Milliseconds. */
  readonly baselineMedianMs: number;
  readonly medianMs: number;
}

export interface BaselineComparison {
  readonly baselineStartedAt: string;
  /** How much slower (above 1) or faster this machine is than the baseline's was, by a fixed piece of work. Taken out of the changes. */
  readonly machineRatio: number;
  readonly changes: readonly BaselineChange[];
  /** In one of the reports only, as `cache: name`. */
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
  /** Milliseconds of the fixed piece of work, at several times of the run. */
  readonly referenceMs: readonly number[];
  readonly results: readonly BenchmarkResult[];
  readonly comparisons: readonly CacheComparison[];
  readonly baseline?: BaselineComparison | undefined;
  readonly findings: readonly BenchmarkFinding[];
  /** No finding is a failure. */
  readonly passed: boolean;
}
