import { types } from 'node:util';

/** Built-ins recognized by their internal slots, whatever their `Symbol.toStringTag`. */
const opaqueBuiltIns: readonly (readonly [kind: string, is: (value: object) => boolean])[] = [
  ['Error', (value) => types.isNativeError(value) || value instanceof Error],
  ['Promise', types.isPromise],
  ['RegExp', types.isRegExp],
  ['WeakMap', types.isWeakMap],
  ['WeakSet', types.isWeakSet],
  ['boxed primitive', types.isBoxedPrimitive],
  ['Generator', types.isGeneratorObject],
  ['Map Iterator', types.isMapIterator],
  ['Set Iterator', types.isSetIterator],
  ['SharedArrayBuffer', types.isSharedArrayBuffer],
  ['DataView', types.isDataView],
  ['Module', types.isModuleNamespaceObject],
  ['KeyObject', types.isKeyObject],
  ['native object', types.isExternal],
];
/** Built-ins whose state is inaccessible: serialized as plain data, they would be empty or another type. */
const opaqueTags = new Set([
  ...['Promise', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry', 'Error', 'DOMException', 'RegExp'],
  ...['Number', 'String', 'Boolean', 'BigInt', 'Symbol', 'DataView', 'SharedArrayBuffer', 'Float16Array'],
  ...['URL', 'URLSearchParams', 'URLPattern', 'Headers', 'FormData', 'Request', 'Response', 'Blob', 'File'],
  ...['AbortSignal', 'AbortController', 'EventTarget', 'MessagePort', 'BroadcastChannel', 'WebSocket'],
  ...[
    'TextEncoder',
    'TextDecoder',
    'CryptoKey',
    'KeyObject',
    'Module',
    'DisposableStack',
    'AsyncDisposableStack',
  ],
]);
const opaqueFamilies = /^(Intl|Temporal|WebAssembly)\.|Generator$|Iterator|Stream/;

/**
 * The kind of a value whose state its properties do not show, for messages; `undefined` for a value that they do show.
 * Does not detect private `#fields` of application classes.
 */
export function opaqueKind(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (opaqueTags.has(tag) || opaqueFamilies.test(tag)) return tag;
  const builtIn = opaqueBuiltIns.find(([, is]) => is(value));
  if (builtIn !== undefined) return builtIn[0];
  if ('then' in value && typeof value.then === 'function') return 'thenable (an await is missing?)';
  if ('pipe' in value && typeof value.pipe === 'function') return 'stream';
  return undefined;
}

/** Whether `value` is a plain object. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether `value` has a `toJSON()` method. */
export function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** Whether `value` has enumerable symbol properties, which JSON and `Object.keys` ignore. */
export function hasSymbolKeys(value: object): boolean {
  const symbols = Object.getOwnPropertySymbols(value);
  return (
    symbols.length > 0 && symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol))
  );
}
