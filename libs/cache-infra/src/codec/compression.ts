import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  inflateRawSync,
  type BrotliOptions,
} from 'node:zlib';
import { zstd, zstdParameter, type Zstd } from './zstd.js';

/** The values of the option `compressionAlgorithm`. */
export const compressionAlgorithms = ['auto', 'zstd', 'brotli', 'deflate'] as const;
/** `'auto'` = zstd on a Node that has it, else deflate. */
export type CompressionAlgorithm = (typeof compressionAlgorithms)[number];

/** True on a Node with Zstandard: 22.15 and later, 23.8 and later. */
export const hasZstd = zstd !== undefined;

/** One algorithm. Levels and sizes are chosen by measurement: docs/decisions/compression.md. */
export interface Compression {
  /** The algorithm's number in entries; 0 = deflate, which entries do not name. Never renumber. */
  readonly id: number;
  /** A stream decompresses to at most this many times its bytes. */
  readonly maxRatio: number;
  /**
   * Compresses; a promise for large values, which are compressed on the thread pool. `level`: from fast to small, see
   * {@link compressionLevels}.
   */
  readonly compress: (bytes: Buffer, level: number) => Buffer | Promise<Buffer>;
  /**
   * The inverse: produces at most `rawBytes`.
   *
   * @throws Error (or rejects) when the stream is corrupt or decompresses to more
   */
  readonly decompress: (bytes: Buffer, rawBytes: number) => Buffer | Promise<Buffer>;
}

interface Levels {
  readonly least: number;
  readonly most: number;
  readonly default: number;
}

/**
 * The levels of each algorithm. Levels of zstd beyond 19 need a window of up to 128 MiB to decompress; a reader here
 * refuses such streams.
 */
export const compressionLevels: Readonly<Record<CompressionAlgorithm, Levels>> = {
  deflate: { least: 1, most: 9, default: 6 },
  brotli: { least: 0, most: 11, default: 5 },
  zstd: { least: 1, most: 19, default: 3 },
  // Levels that both deflate and zstd have.
  auto: { least: 1, most: 9, default: 3 },
};

/**
 * The algorithm and the level in effect on this Node.
 *
 * @throws Error for `'zstd'` on a Node without it; checks of options refuse it earlier
 */
export function compressionFor(
  algorithm: CompressionAlgorithm,
  level: number | undefined,
): { readonly compression: Compression; readonly level: number } {
  const name = algorithm === 'auto' ? (hasZstd ? 'zstd' : 'deflate') : algorithm;
  const compression = byName(name);
  if (compression === undefined) throw new Error(zstdMissing);
  return { compression, level: level ?? compressionLevels[name].default };
}

/** The algorithm of a number in an entry; `undefined` = this Node does not have it, or a newer release wrote it. */
export function compressionOf(id: number): Compression | undefined {
  return [deflate, brotli, zstdCompression].find((each) => each?.id === id);
}

/** The name of a number in an entry. */
export function compressionName(id: number): string {
  return ['deflate', 'brotli', 'zstd'][id] ?? `algorithm ${String(id)}`;
}

export const zstdMissing = `needs Node 22.15 or later (this is ${process.version}): use 'auto' or 'deflate'`;

/** Whether `compressedBytes` can decompress to `rawBytes`. */
export function isPlausible({ maxRatio }: Compression, compressedBytes: number, rawBytes: number): boolean {
  return rawBytes > 0 && rawBytes <= compressedBytes * maxRatio;
}

/** Up to this many bytes deflate runs synchronously; beyond, on the thread pool, so as not to block the event loop. */
const syncDeflateBytes = 8 * 1024;
/** Like {@link syncDeflateBytes}, for the uncompressed length in inflate and zstd, which are faster. */
const syncInflateBytes = 32 * 1024;

/** Raw deflate (RFC 1951): an entry has a checksum of its own. */
const deflate: Compression = {
  id: 0,
  // 258 bytes in two bits.
  maxRatio: 1032,
  compress: (bytes, level) =>
    bytes.length <= syncDeflateBytes ? deflateRawSync(bytes, { level }) : later(deflateRaw, bytes, { level }),
  decompress: (bytes, rawBytes) => {
    const options = bounded(bytes, rawBytes);
    return rawBytes <= syncInflateBytes ? inflateRawSync(bytes, options) : later(inflateRaw, bytes, options);
  },
};

/** Brotli (RFC 7932). Its compression blocks the event loop for longer than deflate does, level by level. */
const brotli: Compression = {
  id: 1,
  // A meta-block copies up to 16 MiB, and takes eight bytes at least.
  maxRatio: 2 ** 21,
  compress: (bytes, level) => {
    const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: sizeHint } = constants;
    const options = { params: { [quality]: level, [sizeHint]: bytes.length } };
    const isQuick = level <= compressionLevels.brotli.default && bytes.length <= syncDeflateBytes / 4;
    return isQuick
      ? brotliCompressSync(bytes, options)
      : later<BrotliOptions>(brotliCompress, bytes, options);
  },
  decompress: (bytes, rawBytes) => {
    const options = bounded(bytes, rawBytes);
    return rawBytes <= syncInflateBytes / 2
      ? brotliDecompressSync(bytes, options)
      : later<BrotliOptions>(brotliDecompress, bytes, options);
  },
};

const zstdCompression = zstd && zstdBy(zstd);

function zstdBy({ zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync }: Zstd): Compression {
  return {
    id: 2,
    // A block of 128 KiB takes four bytes at least (RFC 8878, 3.1.1.2).
    maxRatio: 2 ** 15,
    compress: (bytes, level) => {
      const options = { params: { [zstdParameter.compressionLevel]: level }, pledgedSrcSize: bytes.length };
      const isQuick = level <= compressionLevels.zstd.default && bytes.length <= 2 * syncDeflateBytes;
      return isQuick ? zstdCompressSync(bytes, options) : later(zstdCompress, bytes, options);
    },
    decompress: (bytes, rawBytes) => {
      // The stream names its window, which is allocated: 8 MiB, as level 19 takes.
      const options = { ...bounded(bytes, rawBytes), params: { [zstdParameter.windowLogMax]: 23 } };
      return rawBytes <= syncInflateBytes
        ? zstdDecompressSync(bytes, options)
        : later(zstdDecompress, bytes, options);
    },
  };
}

function byName(name: Exclude<CompressionAlgorithm, 'auto'>): Compression | undefined {
  switch (name) {
    case 'deflate':
      return deflate;
    case 'brotli':
      return brotli;
    case 'zstd':
      return zstdCompression;
  }
}

/** One output buffer where the claimed length is usual; a few bytes that claim megabytes get them step by step. */
function bounded(bytes: Buffer, rawBytes: number): { maxOutputLength: number; chunkSize: number } {
  const chunkSize = Math.max(Math.min(rawBytes, bytes.length * deflate.maxRatio), 64);
  return { maxOutputLength: rawBytes, chunkSize };
}

type Done = (error: Error | null, result: Buffer) => void;

/** Runs on the thread pool. No `promisify`: in a vm context (Jest) its promises fail `instanceof Promise`. */
function later<O>(
  run: (bytes: Buffer, options: O, done: Done) => void,
  bytes: Buffer,
  options: O,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    run(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
