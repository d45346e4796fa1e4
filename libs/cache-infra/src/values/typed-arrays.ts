import { types } from 'node:util';

/** A typed array of a known kind. `DataView` is none. */
export type TypedArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

interface TypedArrayConstructor {
  new (buffer: ArrayBuffer): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Kinds of binary data by their names, which also stand in stored entries: never rename one. */
const typedArrays: Readonly<Record<string, TypedArrayConstructor>> = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
};

/** The kind of binary data that `value` is, or `undefined`. */
export function binaryKind(value: object): string | undefined {
  // Not by the name alone: a proxy of binary data has its name, and none of its bytes.
  if (!ArrayBuffer.isView(value)) return types.isArrayBuffer(value) ? 'ArrayBuffer' : undefined;
  if (Buffer.isBuffer(value)) return 'Buffer';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return Object.hasOwn(typedArrays, tag) ? tag : undefined;
}

/** The bytes of binary data, shared with it. */
export function bytesOf(value: ArrayBufferView | ArrayBuffer): Buffer {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(value);
}

/**
 * Binary data of a kind with a copy of `bytes` in memory of its own. `undefined` when there is no such kind or the length does not fit it.
 */
export function binaryFrom(kind: string, bytes: Uint8Array): Buffer | TypedArray | ArrayBuffer | undefined {
  if (kind === 'Buffer') return ownBuffer(bytes);
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  if (kind === 'ArrayBuffer') return buffer;
  const typedArray = Object.hasOwn(typedArrays, kind) ? typedArrays[kind] : undefined;
  if (typedArray === undefined || bytes.length % typedArray.BYTES_PER_ELEMENT !== 0) return undefined;
  return new typedArray(buffer);
}

/** A copy outside Node's shared pool, which a small entry would keep alive as a whole. */
function ownBuffer(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
