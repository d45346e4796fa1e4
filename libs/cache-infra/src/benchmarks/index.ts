export { parseReport, readReport, withBaseline } from './baseline.js';
export { BenchmarkConfig } from './benchmark-config.js';
export type { BenchmarkConfigOptions } from './benchmark-config-options.js';
export type {
  BaselineChange,
  BaselineComparison,
  BenchmarkFinding,
  BenchmarkReport,
} from './benchmark-report.js';
export { CacheBenchmarkRunner, type BenchmarkRunnerOptions } from './benchmark-runner.js';
export type { CacheComparison, CacheComparisonOptions, ComparedCache } from './cache-comparison.js';
export type { DurationChange, Severity } from './comparison.js';
export { loadBenchmarkConfig } from './config-file.js';
export { ConfigPresets } from './config-presets.js';
export {
  BenchmarkDataGenerator,
  type BenchmarkEntry,
  type DataKind,
  type GeneratedUser,
  type ZipfTraceOptions,
} from './data-generator.js';
export type { BenchmarkProgress } from './execution.js';
export { readHistory, storeReport } from './history.js';
export type { BenchmarkEnvironment, MemoryUsage, Now } from './machine.js';
export { terminalProgress, type ProgressStream } from './progress.js';
export type { BenchmarkResult, PartResult } from './results.js';
export {
  ciAnnotations,
  htmlReport,
  type HtmlReportOptions,
  jsonReport,
  markdownReport,
  textReport,
} from './reporters/index.js';
export type { DurationSummary, HistogramBar } from './statistics.js';
export type { SuiteOptions } from './suite.js';
export type { TestData } from './test-data.js';
export type { BenchmarkThresholds } from './thresholds.js';
export type {
  BenchmarkOptions,
  CompressionBenchmarkOptions,
  ConcurrencyBenchmarkOptions,
  StampedeBenchmarkOptions,
} from './workload-factory.js';
export type { BenchmarkPresetName } from '../config/benchmark-environment.js';
