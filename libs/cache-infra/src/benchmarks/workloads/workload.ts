import { randomBytes } from 'node:crypto';

import type { Cache } from '../../cache/contract/cache.js';
import type { CacheStats } from '../../cache/contract/stats.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';

/** The work of a benchmark. Runs in several blocks, interleaved with other workloads. */
export interface Workload {
  readonly name: string;
  /** Name of the measured cache. */
  readonly cacheName: string;
  readonly iterations: number;
  /** The part whose durations represent the benchmark; undefined = all parts. */
  readonly main?: string | undefined;
  stats(): CacheStats | undefined;
  /** @param first index of the first of these iterations */
  run(measurement: Measurement, iterations: number, first: number): Promise<void>;
  /** Findings other than durations. */
  findings?(measurement: Measurement): WorkloadFindings;
  /** Deletes the stored entries. */
  cleanUp(): Promise<void>;
}

export interface WorkloadFindings {
  /** Specific metrics by name. */
  readonly details?: Readonly<Record<string, number>>;
  /** Bytes after compression / bytes before, 0-1. */
  readonly compressionRatio?: number | undefined;
  /** MiB held by the entries, heap and external; limited by `thresholds.memoryMb`. */
  readonly retainedMb?: number | undefined;
}

/** A namespace unique across benchmarks and processes on the same Redis. */
export function ownNamespace(): string {
  return `benchmark-${randomBytes(6).toString('hex')}`;
}

/** Base class of workloads on a cache. */
export abstract class CacheWorkload implements Workload {
  readonly main: string | undefined = undefined;
  /** A separate namespace, apart from the application, other workloads and killed runs. */
  protected readonly cache: Cache;

  constructor(
    readonly name: string,
    cache: Cache,
    protected readonly entries: readonly BenchmarkEntry[],
    readonly iterations: number,
  ) {
    this.cache = cache.namespace(ownNamespace());
  }

  get cacheName(): string {
    return this.cache.name;
  }

  stats(): CacheStats {
    return this.cache.stats();
  }

  abstract run(measurement: Measurement, iterations: number, first: number): Promise<void>;

  async cleanUp(): Promise<void> {
    await this.cache.deleteMany(this.keys());
  }

  protected keys(): readonly string[] {
    return this.entries.map(({ key }) => key);
  }
}
