import { promisify } from 'node:util';
import { deflateRaw, inflateRaw, type InputType, type ZlibOptions } from 'node:zlib';

import { Unreadable } from './shape.js';
import { limits, readSummary } from './summary-shape.js';
import { shifted } from './time-shift.js';
import type { InstanceSummary } from './summary.js';
import { trimmed } from './trimmed.js';

/** Most bytes of a published summary. */
export const mostBytes = 512 * 1024;

/** Most bytes of a summary after inflation. */
const mostInflated = 8 * 1024 * 1024;

/** Most digits of the moment in front of a summary, which the server of Redis writes. */
const momentDigits = 16;

/** Bytes that a reader asks for: one more than a summary may have. */
export const bytesToRead = mostBytes + momentDigits + 2;

const deflate = promisify<InputType, ZlibOptions, Buffer>(deflateRaw);
const inflate = promisify<InputType, ZlibOptions, Buffer>(inflateRaw);

const trims = [
  { lines: 100, caches: limits.caches },
  { lines: 20, caches: 100 },
  { lines: 5, caches: 20 },
] as const;

/**
 * A summary as compressed bytes, at most 512 kB; undefined if even the shortest form is larger. `named`: the caches
 * whose keys and tags it may name.
 */
export async function encoded(
  summary: InstanceSummary,
  named: ReadonlySet<string>,
): Promise<Buffer | undefined> {
  for (const trim of trims) {
    const text = JSON.stringify(trimmed(summary, { ...trim, named }));
    if (text.length > mostInflated / 4) continue;
    const bytes = await deflate(text, { level: 3 });
    if (bytes.length <= mostBytes) return bytes;
  }
  return undefined;
}

/**
 * The summary in the bytes of Redis: `<milliseconds> <deflated JSON>`. The server has written the milliseconds: all
 * moments of the summary are moved to its clock, so that summaries of hosts with different clocks can be compared.
 * Undefined for bytes that are too large, damaged, or of another format.
 */
export async function decoded(bytes: Buffer): Promise<InstanceSummary | undefined> {
  if (bytes.length >= bytesToRead) return undefined;
  const end = bytes.indexOf(' ');
  const publishedAt = Number(bytes.subarray(0, Math.max(0, end)).toString('latin1'));
  if (end < 1 || end > momentDigits || !Number.isSafeInteger(publishedAt)) return undefined;
  try {
    const json = await inflate(bytes.subarray(end + 1), { maxOutputLength: mostInflated });
    const summary = readSummary(JSON.parse(json.toString('utf8')));
    return shifted(summary, publishedAt - summary.at);
  } catch (error) {
    if (error instanceof Unreadable || error instanceof SyntaxError || isZlibError(error)) return undefined;
    throw error;
  }
}

/** Damaged bytes (`Z_…`), and more output than allowed. */
function isZlibError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return String(error.code).startsWith('Z_') || error.code === 'ERR_BUFFER_TOO_LARGE';
}
