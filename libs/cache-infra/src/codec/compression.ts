import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';

/** Up to this many bytes zlib runs on the spot; beyond it, on the thread pool, so that the event loop goes on. */
export const syncDeflateBytes = 8 * 1024;
/** As {@link syncDeflateBytes}, for the raw length of what is decompressed, which is faster. */
export const syncInflateBytes = 32 * 1024;

/** Deflate cannot do better: 258 bytes in two bits. */
const maxRatio = 1032;

const deflateRawAsync = onThreadPool(deflateRaw);
const inflateRawAsync = onThreadPool(inflateRaw);

/** Raw deflate (RFC 1951): an entry has a checksum of its own. `level` 1 (fast) to 9 (small). */
export function compress(bytes: Buffer, level: number): Buffer | Promise<Buffer> {
  return bytes.length <= syncDeflateBytes
    ? deflateRawSync(bytes, { level })
    : deflateRawAsync(bytes, { level });
}

/** Whether `compressedBytes` can become `rawBytes` at all. */
export function isPlausible(compressedBytes: number, rawBytes: number): boolean {
  return rawBytes > 0 && rawBytes <= compressedBytes * maxRatio;
}

/**
 * The inverse of {@link compress}: never makes more than `rawBytes`.
 *
 * @throws Error (or rejects) when the stream is damaged or longer than that
 */
export function decompress(bytes: Buffer, rawBytes: number): Buffer | Promise<Buffer> {
  const options = { maxOutputLength: rawBytes, chunkSize: Math.max(rawBytes, 64) };
  return rawBytes <= syncInflateBytes ? inflateRawSync(bytes, options) : inflateRawAsync(bytes, options);
}

type Done = (error: Error | null, result: Buffer) => void;

// Not `promisify`: its promises are another realm's inside a vm context (Jest), where `instanceof Promise` does not know them.
function onThreadPool<O>(run: (bytes: Buffer, options: O, done: Done) => void) {
  return (bytes: Buffer, options: O): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      run(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
}
