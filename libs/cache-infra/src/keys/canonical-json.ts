import { types } from 'node:util';
import { SerializationError } from '../errors.js';
import { hasSymbolKeys, hasToJson, isPlain, opaqueKind } from '../opaque.js';
import { mapStep, Trail } from '../trail.js';
import { sha256 } from './digest.js';

export interface CanonicalJsonOptions {
  /** Leave out properties that are `undefined`, as JSON does. Default false: `{ a: undefined }` and `{}` differ. */
  omitUndefined?: boolean | undefined;
}

/** Binary data up to this many bytes stands in the text itself; longer data by its SHA-256. */
const maxInlineBytes = 64;

/**
 * One text for equal values, different texts for different ones, whatever the order of their properties.
 *
 * JSON values give RFC 8785 canonical JSON. What JSON lacks is written as `!Type(…)`; text always stands in quotes and no JSON
 * value begins with `!`, so no data can pass for such a tag: `!undefined`, `!empty` (a hole in an array), `!NaN`, `!Infinity`,
 * `!-Infinity`, `!-0`, `!bigint(1)`, `!Date(0)` (milliseconds), `!Map([key,value],…)` and `!Set(…)` (sorted by their texts),
 * `!RegExp("source","flags")`, `!URL("…")`, and binary data `!Buffer(length:base64url)`, or `!Buffer(length:sha256:digest)` above
 * 64 bytes, with the name of its type. Instances of classes count by their `toJSON()`, or else by their own enumerable properties.
 *
 * @throws SerializationError, which says where, for functions, symbols, circles, nesting beyond 1000 levels, and built-ins whose
 * state cannot be read (promises, errors, streams, …)
 */
export function canonicalJson(value: unknown, options: CanonicalJsonOptions = {}): string {
  const writer = new CanonicalWriter(options.omitUndefined ?? false);
  try {
    return writer.text(value);
  } catch (cause) {
    if (cause instanceof SerializationError) throw cause;
    throw writer.trail.refuse('value cannot be read', { cause });
  }
}

class CanonicalWriter {
  readonly trail = new Trail();
  readonly #omitUndefined: boolean;

  constructor(omitUndefined: boolean) {
    this.#omitUndefined = omitUndefined;
  }

  text(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'number':
        return numberText(value);
      case 'boolean':
        return String(value);
      case 'undefined':
        return '!undefined';
      case 'bigint':
        return `!bigint(${value})`;
      case 'object':
        return value === null ? 'null' : this.#container(value);
      default:
        throw this.trail.refuse(`${typeof value} cannot be part of a key`);
    }
  }

  #container(value: object): string {
    this.trail.enter(value);
    const text = Array.isArray(value) ? this.#array(value) : this.#object(value);
    this.trail.leave();
    return text;
  }

  #array(array: readonly unknown[]): string {
    const parts: string[] = [];
    for (let index = 0; index < array.length; index++) {
      this.trail.at(index);
      parts.push(index in array ? this.text(array[index]) : '!empty');
    }
    return `[${parts.join(',')}]`;
  }

  #object(value: object): string {
    if (!isPlain(value)) {
      const text = this.#builtIn(value);
      if (text !== undefined) return text;
    }
    if (!hasToJson(value)) return this.#properties(value);
    this.trail.at({ words: '.toJSON()' });
    const json = value.toJSON('');
    return json === value ? this.#properties(value) : this.text(json);
  }

  #properties(value: object): string {
    if (hasSymbolKeys(value)) throw this.trail.refuse('symbol as a property name cannot be part of a key');
    const parts: string[] = [];
    // RFC 8785 §3.2.3 orders names by UTF-16 code units, which is what sort() does.
    for (const name of Object.keys(value).sort()) {
      const part: unknown = (value as Record<string, unknown>)[name];
      if (part === undefined && this.#omitUndefined) continue;
      this.trail.at(name);
      parts.push(`${JSON.stringify(name)}:${this.text(part)}`);
    }
    return `{${parts.join(',')}}`;
  }

  #builtIn(value: object): string | undefined {
    if (types.isDate(value)) return `!Date(${value.getTime()})`;
    if (types.isMap(value)) return `!Map(${this.#mapEntries(value)})`;
    if (types.isSet(value)) return `!Set(${this.#setEntries(value)})`;
    if (types.isRegExp(value)) return `!RegExp(${JSON.stringify(value.source)},"${value.flags}")`;
    if (value instanceof URL) return `!URL(${JSON.stringify(value.href)})`;
    if (ArrayBuffer.isView(value)) return binaryText(value, value.buffer, value.byteOffset, value.byteLength);
    if (types.isAnyArrayBuffer(value)) return binaryText(value, value, 0, value.byteLength);
    const kind = opaqueKind(value);
    if (kind !== undefined) throw this.trail.refuse(`${kind} cannot be part of a key`);
    return undefined;
  }

  #mapEntries(map: ReadonlyMap<unknown, unknown>): string {
    const parts: string[] = [];
    for (const [key, value] of map) {
      this.trail.at({ words: `.keys()[${parts.length}]` });
      const keyText = this.text(key);
      this.trail.at(mapStep(key, parts.length));
      parts.push(`[${keyText},${this.text(value)}]`);
    }
    return parts.sort().join(',');
  }

  #setEntries(set: ReadonlySet<unknown>): string {
    const parts: string[] = [];
    for (const value of set) {
      this.trail.at({ words: `.values()[${parts.length}]` });
      parts.push(this.text(value));
    }
    return parts.sort().join(',');
  }
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '!-0' : String(value);
  return `!${value}`;
}

function binaryText(value: object, buffer: ArrayBufferLike, offset: number, length: number): string {
  const type = Buffer.isBuffer(value) ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1);
  const bytes = Buffer.from(buffer, offset, length);
  const content = length > maxInlineBytes ? `sha256:${sha256(bytes)}` : bytes.toString('base64url');
  return `!${type}(${length}:${content})`;
}
