import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';

/** Up to this many bytes deflate runs synchronously; beyond, on the thread pool, so as not to block the event loop. */
export const syncDeflateBytes = 8 * 1024;
/** Like {@link syncDeflateBytes}, for the uncompressed length in inflate, which is faster. */
export const syncInflateBytes = 32 * 1024;

/** Highest ratio of deflate: 258 bytes in two bits. */
const maxRatio = 1032;

const deflateRawAsync = onThreadPool(deflateRaw);
const inflateRawAsync = onThreadPool(inflateRaw);

/** Raw deflate (RFC 1951): an entry has a checksum of its own. `level` 1 (fast) to 9 (small). */
export function compress(bytes: Buffer, level: number): Buffer | Promise<Buffer> {
  return bytes.length <= syncDeflateBytes
    ? deflateRawSync(bytes, { level })
    : deflateRawAsync(bytes, { level });
}

/** Whether `compressedBytes` can inflate to `rawBytes`. */
export function isPlausible(compressedBytes: number, rawBytes: number): boolean {
  return rawBytes > 0 && rawBytes <= compressedBytes * maxRatio;
}

/**
 * The inverse of {@link compress}: produces at most `rawBytes`.
 *
 * @throws Error (or rejects) when the stream is corrupt or inflates to more
 */
export function decompress(bytes: Buffer, rawBytes: number): Buffer | Promise<Buffer> {
  const options = { maxOutputLength: rawBytes, chunkSize: Math.max(rawBytes, 64) };
  return rawBytes <= syncInflateBytes ? inflateRawSync(bytes, options) : inflateRawAsync(bytes, options);
}

type Done = (error: Error | null, result: Buffer) => void;

// Don't use `promisify`: in a vm context (Jest) its promises belong to another realm and fail `instanceof Promise`.
function onThreadPool<O>(run: (bytes: Buffer, options: O, done: Done) => void) {
  return (bytes: Buffer, options: O): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      run(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
}
