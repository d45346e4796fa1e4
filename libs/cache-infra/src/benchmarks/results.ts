import type { BenchmarkEnvironment, MemoryUsage } from './machine.js';
import type { Measurement, Part } from './measurement.js';
import { logHistogram, sum, summarize, type DurationSummary, type HistogramBar } from './statistics.js';
import type { Workload } from './workloads/workload.js';

/** One kind of operation within a benchmark. */
export interface PartResult extends DurationSummary {
  readonly operations: number;
  /** Absent for operations that ran concurrently with others. */
  readonly operationsPerSecond: number | undefined;
}

/** The result of a benchmark. Durations are of one sample, in milliseconds. */
export interface BenchmarkResult extends DurationSummary {
  readonly name: string;
  readonly cache: string;
  readonly iterations: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  /** Share of calls that succeeded with the right value, 0-1. 0 without completed calls. */
  readonly successRate: number;
  /** Whether the benchmark exceeded its time limit; the result then covers the time before. */
  readonly timedOut: boolean;
  /** The first different error messages. */
  readonly errors: readonly string[];
  /** 0-1; absent without reads. */
  readonly hitRatio?: number | undefined;
  /** Bytes after compression / bytes before; absent when nothing was compressed. */
  readonly compressionRatio?: number | undefined;
  /** Largest growth of the process in one block, garbage included. */
  readonly memory?: MemoryUsage | undefined;
  /** MiB held by the entries of the memory benchmark. */
  readonly retainedMb?: number | undefined;
  /** Metrics specific to the benchmark. */
  readonly details: Readonly<Record<string, number>>;
  readonly parts: Readonly<Record<string, PartResult>>;
  readonly histogram: readonly HistogramBar[];
  /** Typical duration of a sample in each block: the mean of the medians of its kinds of operation. */
  readonly blockMediansMs: readonly number[];
  readonly environment: BenchmarkEnvironment;
}

export function resultOf(
  workload: Workload,
  measurement: Measurement,
  environment: BenchmarkEnvironment,
  memory: MemoryUsage | undefined,
): BenchmarkResult {
  const durations = measurement.durationsMs;
  const { main } = workload;
  const parts = [...measurement.parts].filter(([, part]) => part.durationsMs.length > 0);
  const counting = [...measurement.parts].filter(([name]) => main === undefined || name === main);
  const { hits, misses } = measurement.counted;
  const ended = measurement.successes + measurement.failures;
  const { details = {}, compressionRatio, retainedMb } = workload.findings?.(measurement) ?? {};
  return {
    name: workload.name,
    cache: workload.cacheName,
    iterations: workload.iterations,
    ...summarize(durations),
    ...throughput(counting.map(([, part]) => part)),
    successRate: ended === 0 ? 0 : measurement.successes / ended,
    timedOut: measurement.timedOut,
    errors: measurement.errors,
    hitRatio: hits + misses === 0 ? undefined : hits / (hits + misses),
    compressionRatio,
    memory,
    retainedMb,
    details,
    parts: Object.fromEntries(parts.map(([name, part]) => [name, partResult(part)])),
    histogram: logHistogram(durations),
    blockMediansMs: measurement.blockMediansMs,
    environment,
  };
}

function partResult(part: Part): PartResult {
  const { operations, operationsPerSecond } = throughput([part]);
  return {
    ...summarize(part.durationsMs),
    operations,
    operationsPerSecond: part.elapsedMs > 0 ? operationsPerSecond : undefined,
  };
}

function throughput(parts: readonly Part[]): { operations: number; operationsPerSecond: number } {
  const operations = sum(parts.map((part) => part.operations));
  const elapsedMs = sum(parts.map((part) => part.elapsedMs));
  return { operations, operationsPerSecond: elapsedMs > 0 ? (operations / elapsedMs) * 1000 : 0 };
}
