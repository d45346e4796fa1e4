import { isPlain } from '../base/opaque.js';

/** Most that JSON and UTF-8 make of one unit of text: `\\u0000`. */
const unitBytes = 6;
/** Most that JSON makes of a number, `true`, `false` or `null`, with what separates it from the next. */
const scalarBytes = 26;
/** Quotes, brackets, a colon and a comma. */
const frameBytes = 4;

/**
 * Whether a value takes no more than `maxBytes` in an entry, as far as a quick look can tell: false for what is near that size, and for
 * what JSON does not carry.
 */
export function isSurelyWithin(value: unknown, maxBytes: number): boolean {
  return bytesLeft(value, maxBytes) >= 0;
}

/** What is left of `bytes` after `value`; negative = too little, or nobody knows. */
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
