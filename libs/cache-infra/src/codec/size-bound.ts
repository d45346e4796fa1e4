import { SerializationError } from '../base/errors.js';
import { isPlain } from '../base/opaque.js';

/** Maximum JSON bytes of one UTF-16 code unit: `\\u0000`. */
const unitBytes = 6;
/** Maximum JSON bytes of a number, `true`, `false` or `null`, with its separator. */
const scalarBytes = 26;
/** Quotes, brackets, a colon and a comma. */
const frameBytes = 4;

/** @throws SerializationError when a value takes more than `maxValueBytes` */
export function assertWithin(bytes: number, maxValueBytes: number): void {
  if (bytes <= maxValueBytes) return;
  throw new SerializationError(`value takes ${bytes} bytes, maxValueBytes is ${maxValueBytes}`);
}

/**
 * Whether a value surely takes at most `maxBytes` in an entry, by a quick upper bound: also false for values near that
 * size, and for values that JSON lacks.
 */
export function isSurelyWithin(value: unknown, maxBytes: number): boolean {
  return bytesLeft(value, maxBytes) >= 0;
}

/** Bytes left of `bytes` after `value`; negative = too few, or unknown. */
function bytesLeft(value: unknown, bytes: number): number {
  if (typeof value === 'string') return bytes - frameBytes - unitBytes * value.length;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return bytes - scalarBytes;
  if (typeof value !== 'object') return -1;
  let left = bytes - frameBytes;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++) left = bytesLeft(value[i], left);
    return left;
  }
  if (!isPlain(value)) return -1;
  for (const name of Object.keys(value)) {
    left = bytesLeft((value as Record<string, unknown>)[name], left - frameBytes - unitBytes * name.length);
    if (left < 0) return left;
  }
  return left;
}
