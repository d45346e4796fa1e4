import type { Cache } from '../../cache/contract/cache.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';
import type { WorkloadFindings } from './workload.js';
import { CacheWorkload } from './workload.js';

export interface ConcurrencySettings {
  readonly workers: number;
  readonly operationsPerWorker: number;
  /** Share of reads, 0-1. */
  readonly readShare: number;
  /** Record index of each access. */
  readonly trace: Uint32Array;
}

/** Runs concurrent workers that mostly read, with Zipf popularity of keys. */
export class Concurrency extends CacheWorkload {
  readonly #settings: ConcurrencySettings;
  #isFilled = false;

  constructor(
    cache: Cache,
    entries: readonly BenchmarkEntry[],
    iterations: number,
    settings: ConcurrencySettings,
  ) {
    super('concurrency', cache, entries, iterations);
    this.#settings = settings;
  }

  async run(measurement: Measurement, iterations: number, first: number): Promise<void> {
    if (!this.#isFilled) await this.cache.setMany(this.entries.map(({ key, value }) => [key, value]));
    this.#isFilled = true;
    const { workers } = this.#settings;
    for (let iteration = first; iteration < first + iterations; iteration++) {
      await measurement.span('all', async () => {
        const ids = Array.from({ length: workers }, (_, worker) => iteration * workers + worker);
        await Promise.all(ids.map((id) => this.#work(measurement, id)));
      });
    }
  }

  findings(): WorkloadFindings {
    const { workers, operationsPerWorker, readShare } = this.#settings;
    return { details: { workers, operationsPerWorker, readShare } };
  }

  async #work(measurement: Measurement, id: number): Promise<void> {
    const { operationsPerWorker, readShare, trace } = this.#settings;
    for (let operation = 0; operation < operationsPerWorker; operation++) {
      const at = id * operationsPerWorker + operation;
      const { key, value } = this.entries[trace[at % trace.length] as number] as BenchmarkEntry;
      // Spread writes evenly, so that every run has the same mix.
      const isRead = Math.floor((at + 1) * readShare) > Math.floor(at * readShare);
      await (isRead
        ? measurement.time('read', () => this.cache.get(key), { inSpan: true })
        : measurement.time('write', () => this.cache.set(key, value), { inSpan: true }));
    }
  }
}
