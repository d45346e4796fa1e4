import { types } from 'node:util';

/** A typed array of a known kind; `DataView` is not included. */
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
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Kinds of binary data by name. The names are written into entries: never rename one. */
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

/** The kind of binary data of `value`, if any. */
export function binaryKind(value: object): string | undefined {
  // Don't rely on the name: a proxy of binary data has the name but no bytes.
  if (!ArrayBuffer.isView(value)) return types.isArrayBuffer(value) ? 'ArrayBuffer' : undefined;
  if (Buffer.isBuffer(value)) return 'Buffer';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return Object.hasOwn(typedArrays, tag) ? tag : undefined;
}

/** Another typed array of the same kind on the same bytes, if the kind is known. */
export function twinOf(value: TypedArray): TypedArray | undefined {
  const typedArray = typedArrays[binaryKind(value) ?? ''];
  return typedArray && new typedArray(value.buffer, value.byteOffset, value.length);
}

/** A view of the bytes of binary data. */
export function bytesOf(value: ArrayBufferView | ArrayBuffer): Buffer {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(value);
}

/**
 * Creates binary data of a kind from a copy of `bytes`. `undefined` when the kind is unknown or the length does not fit
 * it.
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

/** Copies bytes outside of Node's shared pool: a small entry would keep the whole pool alive. */
function ownBuffer(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
