import * as zlib from 'node:zlib';

interface ZstdOptions {
  readonly params?: Readonly<Record<number, number>>;
  readonly maxOutputLength?: number;
  readonly chunkSize?: number;
  /** Length of the bytes to compress: a small value then gets a small window. */
  readonly pledgedSrcSize?: number;
}

type Run = (bytes: Buffer, options: ZstdOptions) => Buffer;
type RunLater = (
  bytes: Buffer,
  options: ZstdOptions,
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** Zstandard (RFC 8878) of `node:zlib`. */
export interface Zstd {
  readonly zstdCompress: RunLater;
  readonly zstdCompressSync: Run;
  readonly zstdDecompress: RunLater;
  readonly zstdDecompressSync: Run;
}

/** Node has Zstandard since 22.15 and 23.8; `undefined` on an older one. */
export const zstd: Zstd | undefined = zstdOf(zlib);

/** Parameters of the library zstd, by their numbers in `zstd.h`, which are stable. */
export const zstdParameter = { compressionLevel: 100, windowLogMax: 100 } as const;

function zstdOf(functions: Partial<Zstd> & Pick<typeof zlib, 'deflateRaw'>): Zstd | undefined {
  const { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } = functions;
  if (zstdCompress === undefined || zstdCompressSync === undefined) return undefined;
  if (zstdDecompress === undefined || zstdDecompressSync === undefined) return undefined;
  return { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync };
}
