import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { assertKey } from '../keys/key.js';
import type { LoadOptions } from './contract/options.js';

/** True if a call with these options may be answered by a plain L1 hit. */
export function allowsPlainHit(options: LoadOptions | null): boolean {
  return (
    options !== null &&
    options.forceRefresh !== true &&
    options.signal === undefined &&
    options.tiers !== 'l2' &&
    options.as === undefined &&
    options.revive === undefined &&
    options.schema === undefined &&
    options.version === undefined &&
    options.verify === undefined
  );
}

/** Rejects `undefined`, which means "absent". */
export function present<T>(key: string, value: T): T {
  if (value === undefined) {
    throw new ValidationError(
      `value for key ${describeValue(key)} is undefined, which is not cacheable: use null or delete the key`,
    );
  }
  return value;
}

/** `name`: of the argument. */
export function assertLoader(name: string, loader: unknown): void {
  if (typeof loader === 'function') return;
  throw new ValidationError(`${name} must be a function, got ${describeValue(loader)}`);
}

export function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new ValidationError(`keys must be an array, got ${describeValue(keys)}`);
  for (const key of keys) assertKey(key);
}

/**
 * Rejects extra arguments, which a caller expects to have an effect: `delete('a', 'b')` would keep `b`,
 * `clear('users')` would clear all. A number is allowed: `keys.map(cache.delete, cache)` passes the index.
 */
export function assertNoMore(method: string, more: readonly unknown[]): void {
  if (more.length === 0 || typeof more[0] === 'number') return;
  throw new ValidationError(`${method}() got ${String(more.length)} argument(s) too many`);
}

export function assertIterable<T>(entries: Iterable<T>): Iterable<T> {
  if (typeof entries === 'object' && entries !== null && Symbol.iterator in entries) return entries;
  throw new ValidationError(`entries must be an iterable of [key, value], got ${describeValue(entries)}`);
}

export function assertPair<T>(entry: readonly [string, T]): readonly [string, T] {
  if (Array.isArray(entry) && entry.length === 2) return entry;
  throw new ValidationError(`entries must be pairs [key, value], got ${describeValue(entry)}`);
}
