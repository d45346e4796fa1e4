import { randomBytes } from 'node:crypto';

import type { Cache } from '../../cache/contract/cache.js';
import type { CacheStats } from '../../cache/contract/stats.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';

/** What a benchmark does. It is run in several shares, with others in between. */
export interface Workload {
  readonly name: string;
  /** Of the cache that it measures. */
  readonly cacheName: string;
  readonly iterations: number;
  /** The part whose durations stand for the benchmark; none = all of them. */
  readonly main?: string | undefined;
  stats(): CacheStats | undefined;
  /** @param first index of the first of these iterations */
  run(measurement: Measurement, iterations: number, first: number): Promise<void>;
  /** What it found beside durations. */
  findings?(measurement: Measurement): WorkloadFindings;
  /** Takes back what it stored. */
  cleanUp(): Promise<void>;
}

export interface WorkloadFindings {
  /** Numbers of its own, by name. */
  readonly details?: Readonly<Record<string, number>>;
  /** Bytes after compression / bytes before, 0-1. */
  readonly compressionRatio?: number | undefined;
  /** MiB that the entries hold, heap and external; what `thresholds.memoryMb` limits. */
  readonly retainedMb?: number | undefined;
}

/** A name that no other benchmark has, here or in another process on the same Redis. */
export function ownNamespace(): string {
  return `benchmark-${randomBytes(6).toString('hex')}`;
}

/** The part of a workload that all on a cache have in common. */
export abstract class CacheWorkload implements Workload {
  readonly main: string | undefined = undefined;
  /** Apart from the entries of the application, of the workloads that it takes turns with, and of runs that were killed. */
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
