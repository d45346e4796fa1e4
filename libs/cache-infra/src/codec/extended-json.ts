import { types } from 'node:util';
import { maxDepth } from '../base/trail.js';
import type { CacheTypes } from '../values/cache-type.js';
import { SharingValue } from '../values/graph.js';
import { hasMoreParts } from './json-parts.js';
import { madeOf, makingOf } from '../values/makings.js';
import { setOwn } from '../values/own-property.js';
import { binaryFrom, binaryKind, bytesOf } from '../values/typed-arrays.js';

/**
 * Encodes values that JSON lacks as JSON: `{"$":[tag,…]}` in the text, with binary data after the text.
 *
 * ```
 * ["u"]                      undefined          ["m",[key,value,key,value,…]]  Map
 * ["n","-0"]                 NaN, Infinity, -0  ["s",[value,…]]                Set
 * ["i","123"]                BigInt             ["b",type,offset,length]       binary data, little-endian elements
 * ["d",ms] (null: invalid)   Date               ["o",[name,value,…]]           a plain object with a property named "$"
 * ["t",name,value]           registered type    ["h",value]                    a part that occurs again
 * ["r",n]                    the n-th such part, in the order in which they begin
 * ```
 *
 * Bytes: length of the JSON text (u32, big-endian), text, binary data end to end.
 *
 * @param shares whether a part of the value occurs more than once
 */
export function encodeExtended(value: unknown, shares: boolean): Buffer {
  const attachments: Buffer[] = [];
  const tagger = new Tagger(attachments, shares ? sharedParts(value) : noParts);
  const text = Buffer.from(JSON.stringify(tagger.tagged(value)));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, ...attachments]);
}

/** Rules of decoding. */
export interface DecodingRules {
  readonly types: CacheTypes;
  /** Maximum parts of a value. */
  readonly maxNodes: number;
}

/** @throws Error when the bytes are not in the format of {@link encodeExtended} */
export function decodeExtended(bytes: Buffer, rules: DecodingRules): unknown {
  const textEnd = 4 + bytes.readUInt32BE(0);
  if (textEnd > bytes.length) throw new RangeError('text ends too early');
  // A tag such as that of undefined adds two parts.
  if (hasMoreParts(bytes.subarray(4, textEnd), 4 * rules.maxNodes)) throw new RangeError('too many parts');
  const tagged: unknown = JSON.parse(bytes.toString('utf8', 4, textEnd));
  const reviver = new Reviver(bytes.subarray(textEnd), rules.types);
  const value = reviver.revived(tagged, 0);
  return reviver.shares ? new SharingValue(value) : value;
}

const noParts: ReadonlySet<object> = new Set();

/** The repeated parts of a value, except Dates, which are written again. */
function sharedParts(value: unknown): ReadonlySet<object> {
  const seen = new Set<object>();
  const shared = new Set<object>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || types.isDate(part)) return;
    if (seen.has(part)) {
      shared.add(part);
      return;
    }
    seen.add(part);
    partsOf(part).forEach(visit);
  };
  visit(value);
  return shared;
}

function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (types.isMap(value)) return [...value].flat();
  if (types.isSet(value)) return [...value];
  const making = makingOf(value);
  if (making !== undefined) return [making.stored];
  return binaryKind(value) === undefined ? Object.values(value) : [];
}

const mark = '$';
interface Tagged {
  readonly [mark]: readonly [tag: string, ...parts: unknown[]];
}

class Tagger {
  readonly #attachments: Buffer[];
  readonly #shared: ReadonlySet<object>;
  /** Numbers of shared parts that have begun. */
  readonly #numbers = new Map<object, number>();
  #attached = 0;

  constructor(attachments: Buffer[], shared: ReadonlySet<object>) {
    this.#attachments = attachments;
    this.#shared = shared;
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
        if (value === null) return null;
        return this.#shared.has(value) ? this.#sharedPart(value) : this.#object(value);
      default:
        return value;
    }
  }

  #sharedPart(value: object): Tagged {
    const number = this.#numbers.get(value);
    if (number !== undefined) return tag('r', number);
    this.#numbers.set(value, this.#numbers.size);
    return tag('h', this.#object(value));
  }

  #object(value: object): unknown {
    if (Array.isArray(value)) return this.#all(value);
    if (types.isDate(value)) return tag('d', value.getTime());
    if (types.isMap(value)) return tag('m', this.#all([...value].flat()));
    if (types.isSet(value)) return tag('s', this.#all([...value]));
    const making = makingOf(value);
    if (making !== undefined) return tag('t', making.type.name, this.tagged(making.stored));
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
  readonly #types: CacheTypes;
  /** Repeated parts by number; `undefined` = not decoded completely yet. */
  readonly #shared: unknown[] = [];

  constructor(binary: Buffer, cacheTypes: CacheTypes) {
    this.#binary = binary;
    this.#types = cacheTypes;
  }

  get shares(): boolean {
    return this.#shared.length > 0;
  }

  /**
   * Decodes in place: the value comes from `JSON.parse` and is not shared. Every assigned name is an own property
   * already, `__proto__` included.
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
      case 't':
        return this.#instance(asString(parts[0]), this.revived(parts[1], depth + 1));
      case 'h':
        return this.#sharedPart(parts[0], depth);
      case 'r':
        return this.#again(asNumber(parts[0]));
      default:
        throw new TypeError('unknown tag');
    }
  }

  #instance(name: string, stored: unknown): unknown {
    const type = this.#types.named(name);
    if (type === undefined) throw new TypeError(`no type has the name ${name}`);
    return madeOf(type, stored);
  }

  #sharedPart(tagged: unknown, depth: number): unknown {
    const number = this.#shared.push(undefined) - 1;
    const part = this.revived(tagged, depth);
    this.#shared[number] = part;
    return part;
  }

  #again(number: number): unknown {
    const part = this.#shared[number];
    if (part === undefined) throw new RangeError('no such part');
    return part;
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
