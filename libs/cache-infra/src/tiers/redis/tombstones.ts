import { randomBytes } from 'node:crypto';

/**
 * How long the traces of changes are kept at least, milliseconds: tombstones and the record of clears. A load that
 * compares them (`OptimisticLoads`) looks at them more often than that.
 */
export const leastTraceMs = 10_000;

/** How long the traces of changes are kept. `horizonMs`: how long a set that did not reach Redis is replayed. */
export function traceMs(horizonMs: number): number {
  return Math.max(horizonMs, leastTraceMs);
}

/** True for a set that may be over before a load that began before it looks at its key again. */
export function isShortLived(ttlMs: number): boolean {
  return ttlMs !== 0 && ttlMs < leastTraceMs;
}

let thisProcess: string | undefined;
let count = 0;

/** A text that no other tombstone has: tombstones of one millisecond must differ. */
export function uniqueText(): string {
  count = (count + 1) % Number.MAX_SAFE_INTEGER;
  thisProcess ??= randomBytes(6).toString('base64url');
  return `${thisProcess}${count.toString(36)}`;
}

/** Milliseconds as entries and tombstones carry them: such texts compare as the numbers do. */
export function sixBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return bytes;
}
