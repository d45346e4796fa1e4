import { types } from 'node:util';
import { SerializationError } from '../base/errors.js';
import { pinShape } from '../base/pin-shape.js';
import { hasSymbolKeys, hasToJson, isPlain, opaqueKind } from '../base/opaque.js';
import { mapStep, Trail } from '../base/trail.js';
import { CacheTypes, type CacheType } from './cache-type.js';
import { declaredClass } from './class-metadata.js';
import type { Class } from './class.js';
import { classNature, isObjectPrototype } from './class-nature.js';
import { builtInRefusal, instanceRefusal, type ClassRule } from './class-rule.js';
import { madeOf } from './makings.js';
import { setOwn } from './own-property.js';
import { binaryFrom, binaryKind, bytesOf } from './typed-arrays.js';

export interface Snapshot {
  readonly value: unknown;
  /** Whether `JSON.parse(JSON.stringify(value))` gives an equal value back. */
  readonly json: boolean;
  /** Whether a part of the value occurs more than once. */
  readonly shares: boolean;
}

/** How {@link snapshot} copies values. */
export interface SnapshotRules {
  readonly classes: ClassRule;
  /** The class of the value, or of the items of an array, a Map or a Set. */
  readonly as?: Class | undefined;
  readonly types: CacheTypes;
  /** Maximum number of parts of a value: objects, array elements and every other value in them. */
  readonly maxNodes: number;
}

export const defaultMaxNodes = 2_000_000;

const defaultRules: SnapshotRules = { classes: 'refuse', types: new CacheTypes(), maxNodes: defaultMaxNodes };

/**
 * Copies a value for a cache to keep. The copy is unshared and equals the value decoded from its bytes.
 *
 * Preserved: JSON types, `undefined` inside of containers, BigInt, NaN, Infinity, -0, Date, Map, Set, Buffer, typed
 * arrays, ArrayBuffer, registered types. An instance of a class with only properties becomes a plain object; for other
 * classes, `rules.classes` decides. A null-prototype object becomes a plain one. Holes in arrays become `undefined`. A
 * repeated part is copied once, except Dates.
 *
 * @throws SerializationError with the path, for functions, symbols, circular references, nesting beyond 1000 levels,
 * more parts than `maxNodes`, built-ins with unreadable state (promises, weak references, errors, regular expressions,
 * URLs, streams, generators, …), instances that would lose something, and errors thrown by a getter or `toJSON`
 */
export function snapshot(value: unknown, rules: SnapshotRules = defaultRules): Snapshot {
  const walk = new SnapshotWalk(rules);
  try {
    const { as } = rules;
    const copy = walk.copy(value, as && (() => as));
    if (copy === undefined && value !== undefined) throw walk.trail.refuse('toJSON() returned undefined');
    return { value: copy, json: walk.json, shares: walk.shares };
  } catch (cause) {
    if (cause instanceof SerializationError) throw cause;
    throw walk.trail.refuse('value cannot be read', { cause });
  }
}

const readableByMethods = ['Map', 'Set', 'Date'];

/** The class that a part is revived as. */
type Expected = (part: object) => Class | undefined;

class SnapshotWalk {
  json = true;
  shares = false;
  readonly trail = new Trail();
  readonly #rules: SnapshotRules;
  #nodesLeft: number;
  /** Copies of the containers inside of the outermost one; created on first use. */
  #copies: Map<object, Taken> | undefined;

  constructor(rules: SnapshotRules) {
    this.#rules = rules;
    this.#nodesLeft = rules.maxNodes;
  }

  copy(value: unknown, expected?: Expected): unknown {
    if (--this.#nodesLeft < 0) throw this.#tooLarge();
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
        return value === null ? null : this.#container(value, expected);
      default:
        throw this.trail.refuse(`${typeof value} cannot be stored`);
    }
  }

  #container(value: object, expected: Expected | undefined): unknown {
    const as = expected?.(value);
    const taken = this.#copies?.get(value);
    // Inside of another value, reviving may lose its class.
    if (taken?.as === as && taken !== undefined) {
      this.shares = true;
      return taken.copy;
    }
    this.trail.enter(value);
    const copy = Array.isArray(value) ? this.#list(value, expected) : this.#object(value, as, expected);
    this.trail.leave();
    if (taken !== undefined) {
      this.shares = true;
      return taken.copy;
    }
    // The outermost container repeats only in a circular reference. A Date is no larger than a reference to it.
    if (!this.trail.isOutside && !types.isDate(copy)) (this.#copies ??= new Map()).set(value, { copy, as });
    return copy;
  }

  #list(array: readonly unknown[], expected: Expected | undefined): unknown[] {
    // Holes count as parts: an empty array can be as long as 2^32.
    if (array.length > this.#nodesLeft) throw this.#tooLarge();
    this.#assertBuiltIn(array);
    const copy: unknown[] = [];
    for (let index = 0; index < array.length; index++) {
      this.trail.at(index);
      copy.push(this.copy(array[index], expected));
    }
    return copy;
  }

  #object(value: object, as: Class | undefined, expected: Expected | undefined): unknown {
    if (isPlain(value) || isObjectPrototype(Object.getPrototypeOf(value) as object)) {
      if (!hasToJson(value)) return this.#properties(value, as);
      if (this.#rules.classes === 'exact')
        throw this.trail.refuse('an object with a toJSON() cannot be copied');
      return this.#toJson(value, as);
    }
    const type = this.#rules.types.of(value);
    const copy = type === undefined ? this.#builtIn(value, expected) : this.#typed(value, type);
    if (copy !== undefined) {
      this.json = false;
      return copy;
    }
    return this.#instance(value, as);
  }

  #instance(value: object, as: Class | undefined): unknown {
    const { classes: rule, as: within } = this.#rules;
    const refusal = instanceRefusal(value, { rule, as, within });
    if (refusal !== undefined) throw this.trail.refuse(refusal);
    const isRevived = as !== undefined && Object.getPrototypeOf(value) === as.prototype;
    return isRevived || !hasToJson(value) ? this.#properties(value, as) : this.#toJson(value, as);
  }

  #toJson(value: object & { toJSON(key: string): unknown }, as: Class | undefined): unknown {
    this.trail.at({ words: '.toJSON()' });
    const json = value.toJSON('');
    return json === value ? this.#properties(value, as) : this.copy(json);
  }

  #typed(value: object, type: CacheType): object {
    this.trail.at({ words: '.encode()' });
    return madeOf(type, this.copy(type.encode(value)));
  }

  /** @param owner the class that the object is revived as, if any */
  #properties(value: object, owner: Class | undefined): object {
    if (hasSymbolKeys(value)) throw this.trail.refuse('symbol as a property name cannot be stored');
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      this.trail.at(name);
      const part = (value as Record<string, unknown>)[name];
      const expected = owner && ((it: object) => declaredClass(owner, name, it));
      setOwn(copy, name, this.copy(part, expected));
    }
    return copy;
  }

  #builtIn(value: object, expected: Expected | undefined): object | undefined {
    const binary = binaryKind(value);
    if (binary !== undefined || types.isDate(value) || types.isMap(value) || types.isSet(value))
      this.#assertBuiltIn(value);
    if (binary !== undefined) return binaryFrom(binary, bytesOf(value as ArrayBufferView | ArrayBuffer));
    if (types.isDate(value)) return new Date(value.getTime());
    if (types.isMap(value)) return this.#map(value, expected);
    if (types.isSet(value)) return this.#set(value, expected);
    const kind = opaqueKind(value);
    if (kind !== undefined) {
      const hint = kind === 'Promise' ? { hint: 'await it first' } : {};
      throw this.trail.refuse(`${kind} cannot be stored`, hint);
    }
    const { builtIn } = classNature(Object.getPrototypeOf(value) as object);
    return builtIn === undefined ? undefined : this.#behindProxy(value, builtIn, expected);
  }

  /**
   * Handles an object with the prototype of a built-in that is none itself: a proxy, whose target may have the methods.
   */
  #behindProxy(value: object, builtIn: string, expected: Expected | undefined): object {
    if (!readableByMethods.includes(builtIn))
      throw this.trail.refuse(`a proxy of ${builtIn} cannot be stored`);
    this.#assertBuiltIn(value);
    try {
      if (builtIn === 'Map') return this.#map(new Map(value as Map<unknown, unknown>), expected);
      if (builtIn === 'Set') return this.#set(new Set(value as Set<unknown>), expected);
      return new Date((value as Date).getTime());
    } catch (error) {
      if (error instanceof SerializationError) throw error;
      throw this.trail.refuse(`a proxy of ${builtIn} cannot be stored`, { cause: error });
    }
  }

  #assertBuiltIn(value: object): void {
    const refusal = builtInRefusal(value, this.#rules.classes);
    if (refusal !== undefined) throw this.trail.refuse(refusal);
  }

  #map(map: ReadonlyMap<unknown, unknown>, expected: Expected | undefined): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    for (const [key, value] of map) {
      this.trail.at({ words: `.keys()[${copy.size}]` });
      const keyCopy = this.copy(key);
      this.trail.at(mapStep(key, copy.size));
      copy.set(keyCopy, this.copy(value, expected));
    }
    return copy;
  }

  #set(set: ReadonlySet<unknown>, expected: Expected | undefined): Set<unknown> {
    const copy = new Set<unknown>();
    for (const value of set) {
      this.trail.at({ words: `.values()[${copy.size}]` });
      copy.add(this.copy(value, expected));
    }
    return copy;
  }

  #tooLarge(): SerializationError {
    return this.trail.refuse(`value has more than ${this.#rules.maxNodes} parts (advanced.maxValueNodes)`);
  }
}

/** A copied part. */
interface Taken {
  readonly copy: unknown;
  /** The class that the part is revived as. */
  readonly as: Class | undefined;
}

pinShape(new SnapshotWalk(defaultRules));
