import { isDeepStrictEqual, types } from 'node:util';
import { hasToJson } from '../base/opaque.js';
import type { Class } from './class.js';
import { classNature } from './class-nature.js';
import { twinOf, type TypedArray } from './typed-arrays.js';

/**
 * How instances of classes are stored.
 *
 * - `'refuse'`: refuse an instance that would lose something; store one of a class with only properties as a plain
 *   object
 * - `'plain'`: store the result of `toJSON()`, or else the own enumerable properties
 * - `'kept'`: keep the instance itself, which loses nothing
 * - `'exact'`: refuse every instance, because a copy would be of another type
 */
export type ClassRule = 'refuse' | 'plain' | 'kept' | 'exact';

/** How one part of a value is to be stored. */
export interface ClassQuestion {
  readonly rule: ClassRule;
  /** The class that the part is revived as, if any. */
  readonly as: Class | undefined;
  /** The class that the caller named for the whole value, if any. */
  readonly within: Class | undefined;
}

/** The reason to refuse an instance of an application class, if any. */
export function instanceRefusal(value: object, { rule, as, within }: ClassQuestion): string | undefined {
  if (rule === 'kept') return undefined;
  const prototype = Object.getPrototypeOf(value) as object;
  const { name, loss, hasPrivateState } = classNature(prototype);
  if (rule === 'exact') return `an instance of ${name} cannot be copied`;
  if (prototype === as?.prototype) {
    const hidden = hasPrivateState
      ? 'private state'
      : hasHiddenProperties(value)
        ? 'hidden properties'
        : undefined;
    return hidden && `an instance of ${name} holds ${hidden}, which cannot be copied: ${giveRevive}`;
  }
  // The instance is of a subclass or an unrelated class.
  if (as !== undefined) return `an instance of ${name} would come back as ${as.name}: ${giveRevive}`;
  if (rule === 'plain') {
    const isEmpty = hasPrivateState && Object.keys(value).length === 0 && !hasToJson(value);
    return isEmpty ? `the plain form of an instance of ${name} is empty: give it a toJSON()` : undefined;
  }
  const lost = loss ?? (hasHiddenProperties(value) ? 'its hidden properties' : undefined);
  if (lost === undefined) return undefined;
  const way =
    within === undefined ? `'as: ${name}'` : `@Type(() => ${name}) on its property of ${within.name}`;
  return `an instance of ${name} would lose ${lost}: give ${way} to get instances back, ${orPlain}`;
}

/** The reason to refuse an array, a Map, a Set, a Date or binary data, if any. */
export function builtInRefusal(value: object, rule: ClassRule): string | undefined {
  if (rule === 'kept' || rule === 'plain') return undefined;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Array.prototype || prototype === Buffer.prototype) return undefined;
  if (prototype === null) return 'a built-in without a prototype cannot be stored';
  const { name, loss, builtIn, isBuiltIn } = classNature(prototype);
  const hasMore = hasOwnProperties(value);
  if (isBuiltIn && !hasMore) return undefined;
  if (!isBuiltIn && rule === 'exact') return `an instance of ${name} cannot be copied`;
  const lost = loss ?? (hasMore ? 'its own properties' : undefined);
  const kind = builtIn ?? name;
  return (
    lost && `${name === kind ? `this ${kind}` : `an instance of ${name}`} would lose ${lost}: ${orPlain}`
  );
}

const giveRevive = "pass 'revive' to create the instances yourself";
const orPlain = "return a plain object, or say 'plain: true' to store the plain form";

/** Whether an instance has non-enumerable own properties. */
function hasHiddenProperties(value: object): boolean {
  return Object.getOwnPropertyNames(value).length > Object.keys(value).length;
}

/** Elements from which on comparing typed arrays is faster than listing their indexes. */
const longView = 256;

/** Whether an array or binary data has properties besides its elements, which come first among its keys. */
function hasOwnProperties(value: object): boolean {
  if (types.isTypedArray(value) && value.length >= longView && isBare(value)) return false;
  const last = Object.keys(value).at(-1);
  return last !== undefined && !((Array.isArray(value) || ArrayBuffer.isView(value)) && /^\d+$/.test(last));
}

/**
 * True if a typed array has no properties but its elements: it equals a new one on the same bytes. `Object.keys` would
 * make a text of each index. False says nothing: its class or its bytes may differ, too.
 */
function isBare(value: TypedArray): boolean {
  return isDeepStrictEqual(value, twinOf(value));
}
