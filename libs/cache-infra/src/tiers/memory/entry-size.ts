// An estimate of the memory that an L1 entry takes: the sizes that V8 gives to objects in a 64-bit process, without
// pointer compression, for values as the snapshot of a cache copies them. The walk looks at a bounded number of parts,
// and counts the rest of a long array, Map, Set or object as being like the parts that it has looked at.
// `benchmarks/entry-size.mjs` compares the estimate with the heap.
import { types } from 'node:util';

import { L1Entry } from './l1-entry.js';

/** Most parts of a value that are looked at. */
const maxParts = 512;
/** Most members of one container that are looked at. */
const maxMembers = 64;
/** Characters of a string that are looked through for one that takes two bytes. */
const scannedCharacters = 65_536;

const word = 8;
/** The entry of the `Map`, and its row in the arrays of `S3Fifo`. */
const entryBytes = 40;
/** An `L1Entry` with its detail, whose times are numbers on the heap, and its list of tags. */
const recordBytes = 312;
/** A number on the heap: one that is no integer of 32 bits. */
const heapNumberBytes = 16;
const dateBytes = 96;
/** A typed array or `Buffer`, its `ArrayBuffer` and the record of the memory that belongs to it. */
const binaryBytes = 208;
/** Objects with more properties than this are taken for dictionaries, whose names are their own. */
const mostRecordProperties = 32;

/** Assumed for a value that cannot be read. */
const unreadableBytes = 1024;

/** A character beyond Latin-1. V8 knows at once that a string of one byte for each character has none. */
const wide = /[\u0100-\uffff]/;

/** The bytes that an entry takes in the L1: its key, its value, its record if it has one. An estimate. */
export function entrySize(id: string, held: unknown): number {
  const own = entryBytes + stringSize(id);
  const isRecord = held instanceof L1Entry;
  return Math.ceil(own + (isRecord ? recordBytes + valueBytes(held.value) : valueBytes(held)));
}

/** The bytes that a value takes in memory. An estimate. */
export function valueBytes(value: unknown): number {
  try {
    return new SizeWalk().size(value);
  } catch {
    // A value kept by reference may have a getter that throws.
    return unreadableBytes;
  }
}

/** Adds up the parts of one value. */
class SizeWalk {
  #partsLeft = maxParts;
  #seen: Set<object> | undefined;

  size(value: unknown): number {
    this.#partsLeft--;
    switch (typeof value) {
      case 'string':
        return stringSize(value);
      case 'number':
        return isSmall(value) ? 0 : heapNumberBytes;
      case 'bigint':
        return bigintSize(value);
      case 'object':
        return value === null ? 0 : this.#container(value);
      default:
        return 0;
    }
  }

  #container(value: object): number {
    // A value kept by reference may contain itself.
    if (this.#seen?.has(value) === true) return 0;
    (this.#seen ??= new Set()).add(value);
    if (Array.isArray(value)) return this.#array(value);
    if (types.isDate(value)) return dateBytes;
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return binaryBytes + value.byteLength;
    if (types.isMap(value)) {
      const table = hashTableSize(value.size, 3);
      return table + this.#like(value.keys(), value.size) + this.#like(value.values(), value.size);
    }
    if (types.isSet(value)) return hashTableSize(value.size, 2) + this.#like(value.values(), value.size);
    return this.#object(value as Readonly<Record<string, unknown>>);
  }

  #array(array: readonly unknown[]): number {
    const { length } = array;
    const own = 32 + (length === 0 ? 0 : 16 + word * pushedCapacity(length));
    // Sample evenly: the first elements of a list are often unlike its last ones.
    const step = Math.max(1, length / Math.min(maxMembers, Math.max(1, this.#partsLeft)));
    let looked = 0;
    let numbers = 0;
    let bytes = 0;
    for (let at = 0; at < length; at += step) {
      const part = array[Math.floor(at)];
      looked++;
      if (typeof part === 'number') numbers++;
      bytes += this.size(part);
    }
    // An array of numbers alone holds them in itself.
    if (numbers === looked) return own;
    return own + (bytes * length) / looked;
  }

  #object(object: Readonly<Record<string, unknown>>): number {
    const keys = Object.keys(object);
    const count = keys.length;
    let looked = 0;
    let names = 0;
    let bytes = 0;
    for (const name of keys) {
      if (this.#isEnough(looked)) break;
      looked++;
      if (count > mostRecordProperties) names += stringSize(name);
      bytes += this.size(object[name]);
    }
    const own = count > mostRecordProperties ? dictionarySize(count) : propertiesSize(count);
    return own + ((names + bytes) * count) / Math.max(1, looked);
  }

  /** The bytes of `count` members, of which the first ones are looked at. */
  #like(members: Iterable<unknown>, count: number): number {
    let looked = 0;
    let bytes = 0;
    for (const member of members) {
      if (this.#isEnough(looked)) break;
      looked++;
      bytes += this.size(member);
    }
    return (bytes * count) / Math.max(1, looked);
  }

  /** True once the members looked at stand for the others. */
  #isEnough(looked: number): boolean {
    return looked >= maxMembers || (this.#partsLeft <= 0 && looked > 0);
  }
}

function stringSize(text: string): number {
  const scanned = text.length > scannedCharacters ? text.slice(0, scannedCharacters) : text;
  return 16 + rounded(wide.test(scanned) ? 2 * text.length : text.length);
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / word) * word;
}

function isSmall(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

function bigintSize(value: bigint): number {
  return value === BigInt.asIntN(64, value) ? 24 : 16 + rounded(value.toString(16).length / 2);
}

/** An object with four properties in itself, and more of them, three at a time, beside it. */
function propertiesSize(count: number): number {
  return count <= 4 ? 56 : 56 + 16 + word * 3 * Math.ceil((count - 4) / 3);
}

/** An object whose properties stand in a hash table: three words for each place, half of them empty at most. */
function dictionarySize(count: number): number {
  return 56 + 64 + 3 * word * 2 ** Math.ceil(Math.log2(count * 1.5));
}

/** A `Map` (three words for an entry) or a `Set` (two), with room for a power of two, and one word for two entries. */
function hashTableSize(size: number, words: 2 | 3): number {
  const capacity = Math.max(4, 2 ** Math.ceil(Math.log2(Math.max(1, size))));
  return 32 + 40 + word * capacity * (words + 0.5);
}

/** The room that V8 makes in an array filled by `push`: half as much again, and 16, each time that it is full. */
function pushedCapacity(length: number): number {
  let capacity = 17;
  while (capacity < length) capacity += 1 + ((capacity + 1) >> 1) + 16;
  return capacity;
}
