import { StreamableFile } from '@nestjs/common';

import { cloneValue } from '../../../values/clone.js';
import { thrownException, type StoredException } from './stored-exception.js';

/** What a handler returned, in a form that gives back what would have been sent. */
export type StoredBody =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json' | 'text'; readonly text: string }
  /** An object that is no object as JSON: a Date, a Decimal. Adapters send it as JSON, and a text as text. */
  | { readonly kind: 'json-of-object'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  /** For code that gets the value before it is sent, and may want a Date to be one; `digest`: of its JSON. */
  | { readonly kind: 'value'; readonly value: unknown; readonly digest: string }
  /** The handler threw it. */
  | StoredException;

/** Undefined = it cannot be stored: it has no JSON text. */
export function storedBody(value: unknown): StoredBody | undefined {
  if (value === undefined) return { kind: 'empty' };
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (value instanceof Uint8Array) return { kind: 'binary', bytes: copyOf(value) };
  // Sent as they are by one adapter, and no JSON.
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
 * What the handler is to have returned.
 *
 * @throws what it is to have thrown
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

/** What the cache holds is not the application's to change. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes.slice();
}

/** A body that is sent as it is produced: nobody else may read it. */
export function isStreaming(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof StreamableFile || value instanceof Response) return true;
  const has = (name: string | symbol) => typeof Reflect.get(value, name) === 'function';
  return has('pipe') || has('getReader') || has(Symbol.asyncIterator);
}
