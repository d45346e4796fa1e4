import type { Cache } from '../../cache/contract/cache.js';
import type { BenchmarkEntry } from '../data-generator.js';
import { collectGarbage, memoryChange, memoryUsage, type MemoryUsage } from '../machine.js';
import type { Measurement } from '../measurement.js';
import { median } from '../statistics.js';
import { CacheWorkload, type WorkloadFindings } from './workload.js';

const bytesPerMb = 2 ** 20;

/** Average JSON size of the values, to relate the memory of entries to. */
function bytesPerValue(entries: readonly BenchmarkEntry[]): number {
  const bytes = entries.map(({ value }) => Buffer.byteLength(JSON.stringify(value)));
  return entries.length === 0 ? 0 : bytes.reduce((sum, size) => sum + size, 0) / entries.length;
}

/**
 * Measures the memory of entries, and whether deleting frees it. Collects garbage before each reading. Copies each
 * record before storing it, so that only the cache holds the stored values.
 */
export class Memory extends CacheWorkload {
  override readonly main = 'set';
  readonly #held: (MemoryUsage & { readonly entries: number })[] = [];
  readonly #left: MemoryUsage[] = [];

  constructor(cache: Cache, entries: readonly BenchmarkEntry[], iterations: number) {
    super('memory', cache, entries, iterations);
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    for (let iteration = 0; iteration < iterations; iteration++) await this.#fillAndEmpty(measurement);
  }

  findings(): WorkloadFindings {
    const held = median(this.#held.map(({ heapMb, externalMb }) => heapMb + externalMb));
    const entries = median(this.#held.map((reading) => reading.entries));
    return {
      retainedMb: held,
      details: {
        entries,
        heldHeapMb: median(this.#held.map(({ heapMb }) => heapMb)),
        heldExternalMb: median(this.#held.map(({ externalMb }) => externalMb)),
        heldRssMb: median(this.#held.map(({ rssMb }) => rssMb)),
        bytesPerValue: bytesPerValue(this.entries),
        bytesPerEntry: entries === 0 ? 0 : (held * bytesPerMb) / entries,
        leftAfterDeleteMb: median(this.#left.map(({ heapMb, externalMb }) => heapMb + externalMb)),
      },
    };
  }

  async #fillAndEmpty(measurement: Measurement): Promise<void> {
    if (measurement.isWarmUp) return this.#fill(measurement);
    await this.cache.deleteMany(this.keys());
    const empty = this.#reading();
    await this.#fill(measurement);
    const full = this.#reading();
    await this.cache.deleteMany(this.keys());
    const after = this.#reading();
    this.#held.push({ ...memoryChange(empty.usage, full.usage), entries: full.size - empty.size });
    this.#left.push(memoryChange(empty.usage, after.usage));
  }

  async #fill(measurement: Measurement): Promise<void> {
    for (const { key, value } of this.entries) {
      const own = structuredClone(value);
      await measurement.time('set', () => this.cache.set(key, own));
    }
  }

  #reading(): { usage: MemoryUsage; size: number } {
    collectGarbage();
    return { usage: memoryUsage(), size: this.stats().size };
  }
}
