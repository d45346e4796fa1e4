import { ValidationError } from './errors.js';

/**
 * A number of bytes, or a text with a unit: `'512kb'`, `'256mb'`, `'1.5gb'`. A kilobyte has 1024 bytes.
 */
export type ByteSize = number | `${number}${'kb' | 'mb' | 'gb'}`;

/** A size, or a share of V8's heap limit: `'25%'`. */
export type MemorySize = ByteSize | `${number}%`;

const units: Readonly<Record<string, number>> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };
const form = /^(\d+(?:\.\d+)?)(kb|mb|gb)$/;

/**
 * Converts a size to bytes.
 *
 * @throws ValidationError for any other value, and for less than one byte
 */
export function byteCount(value: ByteSize, path: string): number {
  const problem = byteSizeProblem(value);
  if (problem === undefined) return typeof value === 'number' ? value : textBytes(value);
  throw new ValidationError([{ path, message: `${path} ${problem}, got ${JSON.stringify(value)}` }]);
}

/** The problem of a value that is no size, as text to follow the option's name. */
export function byteSizeProblem(value: unknown): string | undefined {
  const isForm = typeof value === 'string' ? form.test(value) : Number.isSafeInteger(value);
  if (!isForm) return 'must be an integer (bytes) or a size with a unit (kb, mb, gb) such as "256mb"';
  const bytes = typeof value === 'string' ? textBytes(value) : (value as number);
  if (bytes < 1) return 'must be 1 byte or more';
  return Number.isSafeInteger(bytes) ? undefined : 'must be a safe number of bytes';
}

const percentForm = /^(\d+(?:\.\d+)?)%$/;

/**
 * Converts a size, or a share of `whole` bytes, to bytes.
 *
 * @throws ValidationError for any other value
 */
export function memoryBytes(value: MemorySize, whole: number, path: string): number {
  const percent = percentOf(value);
  if (percent === undefined) return byteCount(value as ByteSize, path);
  return Math.max(1, Math.floor((whole * percent) / 100));
}

/** The problem of a value that is neither a size nor a share, as text to follow the option's name. */
export function memorySizeProblem(value: unknown): string | undefined {
  const percent = percentOf(value);
  if (percent !== undefined)
    return percent > 0 && percent <= 100 ? undefined : 'must be a share above 0% and up to 100%';
  const problem = byteSizeProblem(value);
  return problem === undefined ? undefined : `${problem}, or a share of the heap limit such as "25%"`;
}

function percentOf(value: unknown): number | undefined {
  const found = typeof value === 'string' ? percentForm.exec(value) : null;
  return found === null ? undefined : Number(found[1]);
}

function textBytes(text: string): number {
  const [, count, unit] = form.exec(text) as RegExpExecArray;
  return Math.floor(Number(count) * (units[unit as string] as number));
}
