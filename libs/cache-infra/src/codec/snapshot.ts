import { types } from 'node:util';
import { SerializationError } from '../errors.js';
import { keepAlive } from '../lasting.js';
import { hasSymbolKeys, hasToJson, isPlain, opaqueKind } from '../opaque.js';
import { mapStep, Trail } from '../trail.js';
import { setOwn } from './own-property.js';
import { binaryFrom, binaryKind, bytesOf } from './typed-arrays.js';

export interface Snapshot {
  readonly value: unknown;
  /** Whether `JSON.parse(JSON.stringify(value))` gives the value back exactly. */
  readonly json: boolean;
}

/**
 * What a cache keeps of a value: a copy that nobody else holds, equal to what comes back from bytes.
 *
 * Kept as they are: JSON types, `undefined` inside of containers, BigInt, NaN, Infinity, -0, Date, Map, Set, Buffer, typed arrays,
 * ArrayBuffer. An instance of another class becomes what its `toJSON()` returns, or else a plain object of its own enumerable
 * properties; a null-prototype object becomes a plain one; holes in arrays become `undefined`; a part that occurs twice is copied twice.
 *
 * @throws SerializationError, which says where, for functions, symbols, circles, nesting beyond 1000 levels, built-ins whose state
 * cannot be read (promises, weak references, errors, regular expressions, URLs, streams, generators, …), and whatever a getter or
 * `toJSON` throws
 */
export function snapshot(value: unknown): Snapshot {
  const walk = new SnapshotWalk();
  try {
    const copy = walk.copy(value);
    if (copy === undefined && value !== undefined) throw walk.trail.refuse('toJSON() returned undefined');
    return { value: copy, json: walk.json };
  } catch (cause) {
    if (cause instanceof SerializationError) throw cause;
    throw walk.trail.refuse('value cannot be read', { cause });
  }
}

class SnapshotWalk {
  json = true;
  readonly trail = new Trail();

  copy(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.json = false;
        return value;
      case 'undefined':
      case 'bigint':
        this.json = false;
        return value;
      case 'object':
        return value === null ? null : this.#container(value);
      default:
        throw this.trail.refuse(`${typeof value} cannot be stored`);
    }
  }

  #container(value: object): unknown {
    this.trail.enter(value);
    const copy = Array.isArray(value) ? this.#array(value) : this.#object(value);
    this.trail.leave();
    return copy;
  }

  #array(array: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < array.length; index++) {
      this.trail.at(index);
      copy.push(this.copy(array[index]));
    }
    return copy;
  }

  #object(value: object): unknown {
    if (!isPlain(value)) {
      const copy = this.#builtIn(value);
      if (copy !== undefined) {
        this.json = false;
        return copy;
      }
    }
    if (!hasToJson(value)) return this.#properties(value);
    this.trail.at({ words: '.toJSON()' });
    const json = value.toJSON('');
    return json === value ? this.#properties(value) : this.copy(json);
  }

  #properties(value: object): object {
    if (hasSymbolKeys(value)) throw this.trail.refuse('symbol as a property name cannot be stored');
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      this.trail.at(name);
      setOwn(copy, name, this.copy((value as Record<string, unknown>)[name]));
    }
    return copy;
  }

  #builtIn(value: object): object | undefined {
    if (types.isDate(value)) return new Date(value.getTime());
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    const binary = binaryKind(value);
    if (binary !== undefined) return binaryFrom(binary, bytesOf(value as ArrayBufferView | ArrayBuffer));
    const kind = opaqueKind(value);
    if (kind !== undefined) throw this.trail.refuse(`${kind} cannot be stored`);
    return undefined;
  }

  #map(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    for (const [key, value] of map) {
      this.trail.at({ words: `.keys()[${copy.size}]` });
      const keyCopy = this.copy(key);
      this.trail.at(mapStep(key, copy.size));
      copy.set(keyCopy, this.copy(value));
    }
    return copy;
  }

  #set(set: ReadonlySet<unknown>): Set<unknown> {
    const copy = new Set<unknown>();
    for (const value of set) {
      this.trail.at({ words: `.values()[${copy.size}]` });
      copy.add(this.copy(value));
    }
    return copy;
  }
}

keepAlive(new SnapshotWalk());
