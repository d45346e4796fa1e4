import { types } from 'node:util';
import { hasToJson, opaqueKind } from '../base/opaque.js';
import { classShapeOf, isOfNoClass, type ClassShape } from './class-shape.js';

/** Built-ins with readable content. The checks reject proxies and objects that merely inherit from a built-in. */
const readable: Readonly<Record<string, (value: object) => boolean>> = {
  Array: Array.isArray,
  Map: types.isMap,
  Set: types.isSet,
  Date: types.isDate,
  RegExp: types.isRegExp,
  ArrayBuffer: types.isAnyArrayBuffer,
  SharedArrayBuffer: types.isAnyArrayBuffer,
};

/** The kind of a value with unreadable state; `undefined` for a readable one. */
export function unreadableKind(value: object, { builtIn }: ClassShape): string | undefined {
  if (isOfNoClass(value)) {
    // An own tag would be a symbol property, and symbol properties are refused.
    const tag = Object.prototype.toString.call(value);
    return tag === '[object Object]' ? undefined : tag.slice(8, -1).toLowerCase();
  }
  // The tag of an error, a promise or a boxed value may be overridden.
  if (types.isNativeError(value)) return 'Error';
  if (types.isPromise(value)) return 'Promise';
  if (types.isBoxedPrimitive(value)) return 'a boxed value';
  if (ArrayBuffer.isView(value) || value instanceof URL) return undefined;
  if (builtIn === undefined) return opaqueKind(value);
  if (Object.hasOwn(readable, builtIn) && readable[builtIn]?.(value) === true) return undefined;
  return types.isProxy(value) ? `a proxy of ${builtIn}` : (opaqueKind(value) ?? builtIn);
}

/** Names of the properties that hold an instance's state: its own, and the values and getters of its class. */
export function stateNames(value: object, { inherited }: ClassShape): string[] {
  const own = Object.getOwnPropertyNames(value);
  const shown = Object.keys(value);
  if (inherited.length === 0 && own.length === shown.length) return shown;
  const names = new Set(inherited);
  for (const name of own) {
    if (Object.prototype.propertyIsEnumerable.call(value, name) || !isMethod(value, name)) names.add(name);
  }
  return [...names];
}

export function isMethod(value: object, name: string | symbol): boolean {
  if (Object.prototype.propertyIsEnumerable.call(value, name)) return false;
  return typeof (value as Readonly<Record<string | symbol, unknown>>)[name] === 'function';
}

/** Binary data with more elements is not searched for extra properties, which would dominate the cost of a key. */
const maxSearched = 1024;

/** Whether a built-in container has properties besides its content. */
export function hasMoreThanItsContent(value: object): boolean {
  if (types.isTypedArray(value)) {
    return value.length <= maxSearched && Reflect.ownKeys(value).length > value.length;
  }
  // Indices come first, then `length`, then extra properties.
  if (Array.isArray(value)) return Reflect.ownKeys(value).at(-1) !== 'length';
  const own = Reflect.ownKeys(value).length;
  return types.isRegExp(value) ? own > 1 : own > 0;
}

/**
 * The fields of a record: its own properties with the values and getters of its class, or the result of its `toJSON()`.
 * Undefined for other values: a container such as a Map, a string, binary data.
 */
export function recordOf(value: object): Readonly<Record<string, unknown>> | undefined {
  if (isOfNoClass(value) && !hasToJson(value)) return picked(value);
  const shape = classShapeOf(value);
  if (shape.builtIn !== undefined || value instanceof URL) return undefined;
  if (!hasToJson(value)) return picked(value);
  const json = value.toJSON('');
  return typeof json === 'object' && json !== null && isOfNoClass(json) ? picked(json) : undefined;
}

function picked(value: object): Readonly<Record<string, unknown>> {
  const source = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(stateNames(value, classShapeOf(value)).map((name) => [name, source[name]]));
}

type Told = readonly [name: string, value: unknown];

/**
 * The own strings, numbers and booleans of `value` if `json`, the result of its `toJSON()`, omits or rounds one of
 * them; else none. Names don't matter.
 */
export function untoldBy(json: unknown, value: object): readonly Told[] {
  const own = Object.entries(value).filter(([, part]) => isData(part));
  const left = new Map<unknown, number>();
  for (const part of leavesOf(json)) left.set(part, (left.get(part) ?? 0) + 1);
  const isTold = own.every(([, part]) => {
    const count = left.get(part) ?? 0;
    left.set(part, count - 1);
    return count > 0;
  });
  return isTold ? [] : own;
}

function isData(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** `json` has been serialized before, so it has no circular references. */
function* leavesOf(json: unknown): Iterable<unknown> {
  if (typeof json !== 'object' || json === null) yield json;
  else for (const part of Object.values(json)) yield* leavesOf(part);
}
