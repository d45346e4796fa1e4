import { StreamableFile } from '@nestjs/common';

import { cloneValue } from '../../../values/clone.js';
import { thrownException, type StoredException } from './stored-exception.js';

/** A handler's result, in a form that reproduces the sent body. */
export type StoredBody =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json' | 'text'; readonly text: string }
  /** An object whose JSON is not an object: a Date, a Decimal. Adapters send it as JSON, but a string as text. */
  | { readonly kind: 'json-of-object'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  /** A value for code that reads it before it is sent, with `Date` preserved. `digest`: of its JSON. */
  | { readonly kind: 'value'; readonly value: unknown; readonly digest: string }
  /** The exception that the handler threw. */
  | StoredException;

/** Undefined if the value has no JSON text and cannot be stored. */
export function storedBody(value: unknown): StoredBody | undefined {
  if (value === undefined) return { kind: 'empty' };
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (value instanceof Uint8Array) return { kind: 'binary', bytes: copyOf(value) };
  // One adapter sends such numbers as they are, and they have no JSON form.
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) return undefined;
    const isBoxed = typeof value === 'object' && value !== null && !/^[{[]/.test(text);
    return { kind: isBoxed ? 'json-of-object' : 'json', text };
  } catch {
    return undefined;
  }
}

/**
 * The result that the handler would have returned.
 *
 * @throws the exception that the handler would have thrown
 */
export function returnedValue(body: StoredBody): unknown {
  switch (body.kind) {
    case 'empty':
      return undefined;
    case 'text':
      return body.text;
    case 'json':
      return JSON.parse(body.text);
    case 'json-of-object':
      return { toJSON: (): unknown => JSON.parse(body.text) };
    case 'binary':
      return copyOf(body.bytes);
    case 'value':
      return cloneValue(body.value);
    case 'exception':
      throw thrownException(body);
  }
}

/** A copy: the application must not modify the stored bytes. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes.slice();
}

/** True for a body that is sent while it is produced and can be read only once. */
export function isStreaming(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof StreamableFile || value instanceof Response) return true;
  const has = (name: string | symbol) => typeof Reflect.get(value, name) === 'function';
  return has('pipe') || has('getReader') || has(Symbol.asyncIterator);
}
