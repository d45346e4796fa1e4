import type { Cache } from '../../cache/contract/cache.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';
import { CacheWorkload } from './workload.js';

/** Runs each operation of a cache in turn, on every record. */
export class BasicOperations extends CacheWorkload {
  constructor(cache: Cache, entries: readonly BenchmarkEntry[], iterations: number) {
    super('basic operations', cache, entries, iterations);
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    const { cache } = this;
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (const { key, value } of this.entries) {
        await measurement.time('get, miss', () => cache.get(key), { isRight: (got) => got === undefined });
        await measurement.time('set', () => cache.set(key, value));
        await measurement.time('get, hit', () => cache.get(key), { isRight: (got) => got !== undefined });
        await measurement.time('getOrSet, hit', () => cache.getOrSet(key, () => undefined), {
          isRight: (got) => got !== undefined,
        });
        await measurement.time('delete', () => cache.delete(key), { isRight: (existed) => existed });
      }
    }
  }
}
