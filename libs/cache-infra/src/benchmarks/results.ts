import type { BenchmarkEnvironment, MemoryUsage } from './machine.js';
import type { Measurement, Part } from './measurement.js';
import { logHistogram, sum, summarize, type DurationSummary, type HistogramBar } from './statistics.js';
import type { Workload } from './workloads/workload.js';

/** One kind of operation within a benchmark. */
export interface PartResult extends DurationSummary {
  readonly operations: number;
  /** Absent for operations that others ran beside. */
  readonly operationsPerSecond: number | undefined;
}

/** What a benchmark measured. Durations are of one sample, in milliseconds. */
export interface BenchmarkResult extends DurationSummary {
  readonly name: string;
  readonly cache: string;
  readonly iterations: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  /** 0-1: calls that ended well and answered right. 0 when none ended. */
  readonly successRate: number;
  /** It passed its time limit: the rest is what was measured until then. */
  readonly timedOut: boolean;
  /** The first few different ones. */
  readonly errors: readonly string[];
  /** 0-1; absent when nothing was asked for. */
  readonly hitRatio?: number | undefined;
  /** Bytes after compression / bytes before; absent when nothing was compressed. */
  readonly compressionRatio?: number | undefined;
  /** The most that the process grew by in one of the shares that the benchmark was run in, garbage included. */
  readonly memory?: MemoryUsage | undefined;
  /** MiB that the entries of the memory benchmark hold. */
  readonly retainedMb?: number | undefined;
  /** Numbers that only this benchmark has. */
  readonly details: Readonly<Record<string, number>>;
  readonly parts: Readonly<Record<string, PartResult>>;
  readonly histogram: readonly HistogramBar[];
  /** The typical duration in each of the shares that the benchmark was run in: the mean of the medians of its kinds of operation. */
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
