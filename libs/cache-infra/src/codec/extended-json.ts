import { types } from 'node:util';
import { maxDepth } from '../trail.js';
import { setOwn } from './own-property.js';
import { binaryFrom, binaryKind, bytesOf } from './typed-arrays.js';

/**
 * Values that JSON cannot carry, as JSON: `{"$":[tag,…]}` stands for what JSON lacks, and binary data follows the text as it is.
 *
 * ```
 * ["u"]                      undefined          ["m",[key,value,key,value,…]]  Map
 * ["n","-0"]                 NaN, Infinity, -0  ["s",[value,…]]                Set
 * ["i","123"]                BigInt             ["b",type,offset,length]       binary data, little-endian elements
 * ["d",ms] (null: invalid)   Date               ["o",[name,value,…]]           a plain object with a property named "$"
 * ```
 *
 * Bytes: length of the JSON text (u32, big-endian), text, binary data end to end.
 */
export function encodeExtended(value: unknown): Buffer {
  const attachments: Buffer[] = [];
  const text = Buffer.from(JSON.stringify(new Tagger(attachments).tagged(value)));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, ...attachments]);
}

/** @throws Error when the bytes are not what {@link encodeExtended} writes */
export function decodeExtended(bytes: Buffer): unknown {
  const textEnd = 4 + bytes.readUInt32BE(0);
  if (textEnd > bytes.length) throw new RangeError('text ends too early');
  const tagged: unknown = JSON.parse(bytes.toString('utf8', 4, textEnd));
  return new Reviver(bytes.subarray(textEnd)).revived(tagged, 0);
}

const mark = '$';
interface Tagged {
  readonly [mark]: readonly [tag: string, ...parts: unknown[]];
}

class Tagger {
  readonly #attachments: Buffer[];
  #attached = 0;

  constructor(attachments: Buffer[]) {
    this.#attachments = attachments;
  }

  tagged(value: unknown): unknown {
    switch (typeof value) {
      case 'number':
        if (Object.is(value, -0)) return tag('n', '-0');
        return Number.isFinite(value) ? value : tag('n', String(value));
      case 'undefined':
        return tag('u');
      case 'bigint':
        return tag('i', String(value));
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        return value;
    }
  }

  #object(value: object): unknown {
    if (Array.isArray(value)) return this.#all(value);
    if (types.isDate(value)) return tag('d', value.getTime());
    if (types.isMap(value)) return tag('m', this.#all([...value].flat()));
    if (types.isSet(value)) return tag('s', this.#all([...value]));
    const kind = binaryKind(value);
    if (kind !== undefined) return this.#attach(kind, bytesOf(value as ArrayBufferView | ArrayBuffer));
    if (Object.hasOwn(value, mark)) return tag('o', this.#all(Object.entries(value).flat()));
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value))
      setOwn(copy, name, this.tagged((value as Record<string, unknown>)[name]));
    return copy;
  }

  #all(parts: readonly unknown[]): unknown[] {
    return parts.map((part) => this.tagged(part));
  }

  #attach(kind: string, bytes: Buffer): Tagged {
    const offset = this.#attached;
    this.#attachments.push(bytes);
    this.#attached += bytes.length;
    return tag('b', kind, offset, bytes.length);
  }
}

function tag(name: string, ...parts: unknown[]): Tagged {
  return { [mark]: [name, ...parts] };
}

class Reviver {
  readonly #binary: Buffer;

  constructor(binary: Buffer) {
    this.#binary = binary;
  }

  /**
   * Works in place: what it is given came out of `JSON.parse` and belongs to nobody else. Every name that is assigned to is
   * an own property already, `__proto__` too.
   */
  revived(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > maxDepth) throw new RangeError('nested too deep');
    if (Array.isArray(value)) return this.#list(value, depth);
    if (Object.hasOwn(value, mark)) return this.#untagged((value as Record<string, unknown>)[mark], depth);
    const object = value as Record<string, unknown>;
    for (const name of Object.keys(object)) {
      const part = object[name];
      if (typeof part === 'object' && part !== null) object[name] = this.revived(part, depth + 1);
    }
    return object;
  }

  #untagged(tagged: unknown, depth: number): unknown {
    const [name, ...parts] = asArray(tagged);
    switch (name) {
      case 'u':
        return undefined;
      case 'n':
        return Number(parts[0]);
      case 'i':
        return BigInt(asString(parts[0]));
      case 'd':
        return new Date(parts[0] === null ? NaN : asNumber(parts[0]));
      case 'm':
        return new Map(this.#pairs(parts[0], depth));
      case 's':
        return new Set(this.#list(asArray(parts[0]), depth));
      case 'b':
        return this.#attachment(asString(parts[0]), asNumber(parts[1]), asNumber(parts[2]));
      case 'o':
        return objectFrom(this.#pairs(parts[0], depth));
      default:
        throw new TypeError('unknown tag');
    }
  }

  #list(list: unknown[], depth: number): unknown[] {
    for (let index = 0; index < list.length; index++) {
      const part = list[index];
      if (typeof part === 'object' && part !== null) list[index] = this.revived(part, depth + 1);
    }
    return list;
  }

  #pairs(flat: unknown, depth: number): [unknown, unknown][] {
    const list = this.#list(asArray(flat), depth);
    const pairs: [unknown, unknown][] = [];
    for (let index = 0; index < list.length; index += 2) pairs.push([list[index], list[index + 1]]);
    return pairs;
  }

  #attachment(kind: string, offset: number, length: number): unknown {
    const bytes = this.#binary.subarray(offset, offset + length);
    const data = bytes.length === length ? binaryFrom(kind, bytes) : undefined;
    if (data === undefined) throw new RangeError('no such binary data');
    return data;
  }
}

function objectFrom(pairs: readonly [unknown, unknown][]): object {
  const object: Record<string, unknown> = {};
  for (const [name, value] of pairs) setOwn(object, asString(name), value);
  return object;
}

function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not an array');
  return value;
}

function asString(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a string');
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('not a number');
  return value;
}
