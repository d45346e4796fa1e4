import { types } from 'node:util';
import { cloneSharing, SharingValue } from './graph.js';
import { makingOf } from './makings.js';
import { binaryFrom, binaryKind, bytesOf } from './typed-arrays.js';

/**
 * Deep copy of a stored value, that is, one from `snapshot` or a codec: without circular references or classes other
 * than registered types. It runs on every `get`: primitives return at once, and plain objects are copied by spread,
 * which V8 does fastest.
 */
export function cloneValue<T>(value: T): T;
export function cloneValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return cloneArray(value);
  return Object.getPrototypeOf(value) === Object.prototype ? cloneObject(value) : cloneBuiltIn(value);
}

function cloneArray(array: readonly unknown[]): unknown[] {
  const copy = array.slice();
  for (let index = 0; index < copy.length; index++) {
    const part = copy[index];
    if (typeof part === 'object' && part !== null) copy[index] = cloneValue(part);
  }
  return copy;
}

function cloneObject(object: object): object {
  const copy: Record<string, unknown> = { ...object };
  // An own `__proto__` is an own property of the copy too, so assigning it is safe.
  for (const name of Object.keys(copy)) {
    const part = copy[name];
    if (typeof part === 'object' && part !== null) copy[name] = cloneValue(part);
  }
  return copy;
}

function cloneBuiltIn(value: object): object {
  if (types.isDate(value)) return new Date(value.getTime());
  if (types.isMap(value)) return cloneMap(value);
  if (types.isSet(value)) return cloneSet(value);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof SharingValue) return cloneSharing(value) as object;
  const making = makingOf(value);
  if (making !== undefined) return making.type.decode(cloneValue(making.stored)) as object;
  const kind = binaryKind(value);
  if (kind === undefined) return cloneObject(value);
  return binaryFrom(kind, bytesOf(value as ArrayBufferView | ArrayBuffer)) as object;
}

function cloneMap(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  const copy = new Map<unknown, unknown>();
  for (const [key, value] of map) copy.set(cloneValue(key), cloneValue(value));
  return copy;
}

function cloneSet(set: ReadonlySet<unknown>): Set<unknown> {
  const copy = new Set<unknown>();
  for (const value of set) copy.add(cloneValue(value));
  return copy;
}

/**
 * Freezes a stored value deeply, so that all callers can share it, and returns it. A value with a part that cannot be
 * frozen (Date, Map, Set, Buffer, typed arrays, ArrayBuffer, registered types) stays unfrozen as a whole and must be
 * copied for each caller; `Object.isFrozen(value)` tells.
 */
export function deepFreeze<T>(value: T): T {
  if (isFreezable(value, new Set())) freeze(value);
  return value;
}

function isFreezable(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return true;
  seen.add(value);
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((part) => isFreezable(part, seen));
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  // A repeated part is frozen already.
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}
