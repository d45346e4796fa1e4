import { types } from 'node:util';
import { hasToJson, isPlain } from '../../base/opaque.js';
import { snapshot } from '../../values/snapshot.js';

/**
 * Whether storing `value` would give hits another kind of value than `produce` gave: a part of it has a `toJSON()`,
 * whose result would be stored in its place. A message of LangChain would lose its methods and getters.
 */
export function losesKind(value: unknown): boolean {
  const seen = new Set<object>();
  const left: unknown[] = [value];
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    if (types.isDate(part) || ArrayBuffer.isView(part)) continue;
    if (hasToJson(part)) return true;
    if (types.isMap(part)) for (const pair of part) left.push(...pair);
    else if (types.isSet(part)) for (const each of part) left.push(each);
    else if (Array.isArray(part)) for (const each of part) left.push(each);
    else if (isPlain(part)) for (const each of Object.values(part)) left.push(each);
  }
  return false;
}

/** A value for a caller that shares an answer which is not stored; undefined if the value can have one reader only. */
export function sharedCopy<T>(value: T): { readonly value: T } | undefined {
  if (types.isNativeError(value)) return { value };
  try {
    return losesKind(value) ? undefined : { value: snapshot(value).value as T };
  } catch {
    return undefined;
  }
}
