import { types } from 'node:util';

import { binaryKind } from '../../../values/typed-arrays.js';
import { hasSymbolKeys, isPlain } from '../../../base/opaque.js';

/**
 * The name of the first class in `value` whose instances the cache cannot restore; undefined if there is none.
 *
 * Restored exactly: JSON types, `undefined`, BigInt, `Date`, `Map`, `Set`, `Buffer`, typed arrays and `ArrayBuffer`.
 * Everything else counts as an instance: functions, symbols, objects of other classes, subclasses of these types, and
 * instances of these types with additional properties.
 */
export function instanceWithin(value: unknown, seen = new Set<object>()): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (seen.has(value)) return undefined;
  seen.add(value);
  const parts = partsOf(value);
  if (parts === undefined) return classOf(value);
  for (const part of parts) {
    const found = instanceWithin(part, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Undefined for an instance. */
function partsOf(value: object): readonly unknown[] | undefined {
  if (hasSymbolKeys(value)) return undefined;
  if (isPlain(value)) return Object.values<unknown>(value as Record<string, unknown>);
  const isOf = (type: { readonly prototype: object }): boolean =>
    Object.getPrototypeOf(value) === type.prototype;
  if (Array.isArray(value)) {
    // JSON loses holes and named properties of an array.
    const list: readonly unknown[] = value;
    return isOf(Array) && Object.keys(list).length === list.length ? list : undefined;
  }
  const kind = binaryKind(value);
  if (kind !== undefined) {
    const type: unknown = Reflect.get(globalThis, kind);
    return typeof type === 'function' && isOf(type) ? [] : undefined;
  }
  if (Object.keys(value).length > 0) return undefined;
  if (types.isDate(value)) return isOf(Date) ? [] : undefined;
  if (types.isMap(value)) return isOf(Map) ? [...value].flat() : undefined;
  if (types.isSet(value)) return isOf(Set) ? [...value] : undefined;
  return undefined;
}

function classOf(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  const name = constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'a class without a name';
}
