import type { Cache } from '../../cache/contract/cache.js';
import type { CacheStats } from '../../cache/contract/stats.js';
import { Codec } from '../../codec/codec.js';
import { snapshot } from '../../values/snapshot.js';
import type { BenchmarkEntry } from '../data-generator.js';
import type { Measurement } from '../measurement.js';
import { CacheWorkload, type Workload, type WorkloadFindings } from './workload.js';

/** Stores and reads compressible values. The ratio comes from the counters of the cache; absent without compression. */
export class CompressionInCache extends CacheWorkload {
  constructor(cache: Cache, entries: readonly BenchmarkEntry[], iterations: number) {
    super('compression', cache, entries, iterations);
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    const { cache } = this;
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (const { key, value } of this.entries) {
        await measurement.time('set', () => cache.set(key, value));
        await measurement.time('get', () => cache.get(key), { isRight: (got) => got !== undefined });
      }
    }
  }

  findings({ counted }: Measurement): WorkloadFindings {
    if (counted.compressedIn === 0) return {};
    return { compressionRatio: counted.compressedOut / counted.compressedIn };
  }
}

export interface CodecSettings {
  /** Compression threshold in bytes. */
  readonly compressionThreshold: number;
  /** zlib level, 1-9. */
  readonly compressionLevel: number;
}

const meta = { stamp: 0, nonce: 0, ttlMs: 0, graceMs: 0, tagEpoch: 0, tags: undefined };

/** Encodes and decodes values with the codec of Redis caches, without a cache. */
export class CompressionInCodec implements Workload {
  readonly name = 'compression';
  readonly cacheName = 'codec';
  readonly #codec: Codec;

  constructor(
    readonly entries: readonly BenchmarkEntry[],
    readonly iterations: number,
    settings: CodecSettings,
  ) {
    this.#codec = new Codec({ enableCompression: true, maxValueBytes: 64 * 2 ** 20, ...settings });
  }

  stats(): CacheStats | undefined {
    return undefined;
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    const codec = this.#codec;
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (const { key, value } of this.entries) {
        let bytes: Buffer = Buffer.alloc(0);
        await measurement.time('encode', async () => {
          bytes = await codec.encode(snapshot(value), meta, key);
        });
        await measurement.time('decode', async () => codec.decode(bytes, key), { isRight: ({ ok }) => ok });
      }
    }
  }

  findings(): WorkloadFindings {
    const { bytesIn, bytesOut } = this.#codec.compression;
    return bytesIn === 0 ? {} : { compressionRatio: bytesOut / bytesIn };
  }

  async cleanUp(): Promise<void> {
    // The codec stores nothing.
  }
}
