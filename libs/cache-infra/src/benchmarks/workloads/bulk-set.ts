import type { Cache } from '../../cache/contract/cache.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';
import { CacheWorkload } from './workload.js';

/** Stores all records, first by single `set` calls, then in one `setMany`. A sample is one `set`. */
export class BulkSet extends CacheWorkload {
  override readonly main = 'set';

  constructor(cache: Cache, entries: readonly BenchmarkEntry[], iterations: number) {
    super('bulk set', cache, entries, iterations);
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    const { cache, entries } = this;
    const pairs = entries.map(({ key, value }) => [key, value] as const);
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (const { key, value } of entries) await measurement.time('set', () => cache.set(key, value));
      await measurement.time('setMany', () => cache.setMany(pairs), { operations: pairs.length });
    }
  }
}
