import { hasSymbolKeys } from '../base/opaque.js';

/** Most properties looked at. */
const maxProperties = 64;

/**
 * True for a plain object whose properties are strings, numbers, booleans, big integers, `null` or `undefined`. False
 * says nothing: an object with many properties, for one, is not looked through.
 */
export function isFlatObject(value: object): boolean {
  let left = maxProperties;
  try {
    if (Object.getPrototypeOf(value) !== Object.prototype) return false;
    for (const name in value) {
      const part: unknown = (value as Readonly<Record<string, unknown>>)[name];
      const kind = typeof part;
      if (kind === 'function' || kind === 'symbol' || (kind === 'object' && part !== null)) return false;
      if (--left === 0) return false;
    }
    return !hasSymbolKeys(value);
  } catch {
    // A getter or a proxy has thrown.
    return false;
  }
}
