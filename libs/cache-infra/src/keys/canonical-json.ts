import { types } from 'node:util';
import { SerializationError } from '../base/errors.js';
import { hasToJson } from '../base/opaque.js';
import { mapStep, Trail } from '../base/trail.js';
import { classShapeOf, isOfNoClass, type ClassShape } from './class-shape.js';
import type { CanonicalForm, FrozenTexts } from './frozen-texts.js';
import { binaryText, numberText, regExpText } from './leaf-texts.js';
import { quoted } from './quoted-text.js';
import { hasMoreThanItsContent, isMethod, stateNames, unreadableKind, untoldBy } from './readable-state.js';
import { sorted } from './sorted-names.js';
import { textDigest } from './text-digest.js';

export interface CanonicalJsonOptions {
  /** Leave out properties that are `undefined`, as JSON does. Default false: `{ a: undefined }` and `{}` differ. */
  omitUndefined?: boolean | undefined;
  /** Write texts of at least this many characters as their digests. Default: none. */
  digestFrom?: number | undefined;
  /** Keeps the texts of deeply frozen parts of the value, for later calls with the same options. */
  frozen?: FrozenTexts | undefined;
}

/**
 * Serializes a value to canonical text: equal texts for equal values, different texts for different values, independent
 * of property order.
 *
 * JSON values give RFC 8785 canonical JSON. Values that JSON lacks are written as `!Type(…)`. Strings are always quoted
 * and no JSON value begins with `!`, so data cannot be mistaken for such a tag: `!undefined`, `!empty` (a hole in an
 * array), `!NaN`, `!Infinity`, `!-Infinity`, `!-0`, `!bigint(1)`, `!Date(0)` (milliseconds), `!Map([key,value],…)` and
 * `!Set(…)` (sorted by their texts), `!RegExp("source","flags")`, `!URL("…")`, and binary data
 * `!Buffer(length:base64url)`, or `!Buffer(length:sha256:digest)` above 64 bytes, with the name of its type.
 *
 * An instance of a class is written as its `toJSON()` with the own strings, numbers and booleans that `toJSON()` omits;
 * without `toJSON()`, as its properties and the getters of its class. If the class has methods, the text is
 * `!class("Name",…)`.
 *
 * @throws SerializationError with the path and a remedy, for values that cannot be distinguished: functions, symbols,
 * circular references, nesting beyond 1000 levels, built-ins with unreadable state (promises, errors, streams, proxies
 * of a Map), instances with private state or without readable state, and containers with extra properties
 */
export function canonicalJson(value: unknown, options: CanonicalJsonOptions = {}): string {
  return canonicalForm(value, options).text;
}

/** As {@link canonicalJson}, with the length of what it says. */
export function canonicalForm(value: unknown, options: CanonicalJsonOptions): CanonicalForm {
  const writer = new CanonicalWriter(options);
  try {
    return writer.form(value);
  } catch (cause) {
    if (cause instanceof SerializationError) throw cause;
    throw writer.trail.refuse('value cannot be read', { cause });
  }
}

class CanonicalWriter {
  readonly trail = new Trail();
  readonly #omitUndefined: boolean;
  readonly #digestFrom: number;
  readonly #frozen: FrozenTexts | undefined;
  /** Characters that digests stand for. */
  #spared = 0;

  constructor({ omitUndefined = false, digestFrom = Infinity, frozen }: CanonicalJsonOptions) {
    this.#omitUndefined = omitUndefined;
    this.#digestFrom = digestFrom;
    this.#frozen = frozen;
  }

  form(value: unknown): CanonicalForm {
    const text = this.text(value);
    return { text, length: text.length + this.#spared };
  }

  text(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return value.length < this.#digestFrom ? quoted(value) : this.#digest(value);
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

  /** Text is quoted everywhere else, so no text can imitate its digest. */
  #digest(text: string): string {
    const digest = `!sha256("${textDigest(text)}",${text.length})`;
    this.#spared += text.length - digest.length;
    return digest;
  }

  #container(value: object): string {
    const frozen = this.trail.depth === 1 && Object.isFrozen(value) ? this.#frozen : undefined;
    if (frozen === undefined) return this.#written(value);
    const known = frozen.get(value);
    if (known === undefined) {
      const before = this.#spared;
      const text = this.#written(value);
      frozen.keep(value, { text, length: text.length + this.#spared - before });
      return text;
    }
    this.#spared += known.length - known.text.length;
    return known.text;
  }

  #written(value: object): string {
    this.trail.enter(value);
    const text = Array.isArray(value) ? this.#array(value) : this.#object(value);
    this.trail.leave();
    return text;
  }

  #array(array: readonly unknown[]): string {
    const shape = this.#readable(array);
    this.#noMore(hasMoreThanItsContent(array), 'an array');
    let parts = '';
    for (let index = 0; index < array.length; index++) {
      this.trail.at(index);
      if (index > 0) parts += ',';
      parts += index in array ? this.text(array[index]) : '!empty';
    }
    return ofClass(shape, `[${parts}]`);
  }

  #object(value: object): string {
    const shape = this.#readable(value);
    return ofClass(shape, this.#builtIn(value, shape) ?? this.#instance(value, shape));
  }

  /** The shape of the class of `value`. Refuses a value with unreadable state. */
  #readable(value: object): ClassShape {
    const shape = classShapeOf(value);
    const kind = unreadableKind(value, shape);
    if (kind !== undefined) throw this.trail.refuse(`${kind} cannot be part of a key`);
    if (shape.hiding !== undefined && !Object.hasOwn(value, 'toJSON')) {
      const words = `${shape.hiding} keeps private state (private fields, a WeakMap)`;
      throw this.trail.refuse(`${words} and cannot be part of a key: ${wayOut(shape.hiding)}`);
    }
    return shape;
  }

  #instance(value: object, shape: ClassShape): string {
    if (!hasToJson(value)) return this.#properties(value, shape);
    this.trail.at({ words: '.toJSON()' });
    const json = value.toJSON('');
    if (json === value) return this.#properties(value, shape);
    const text = this.text(json);
    const untold = isOfNoClass(value) ? [] : untoldBy(json, value);
    if (untold.length > 0) return `!toJSON(${text},${this.#record(Object.fromEntries(untold))})`;
    if (!isOfNoClass(value) && ['!undefined', 'null', '{}'].includes(text))
      this.#saysNothing(shape, 'toJSON()');
    return text;
  }

  #properties(value: object, shape: ClassShape): string {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length > 0 && symbols.some((symbol) => !isMethod(value, symbol))) {
      throw this.trail.refuse('symbol as a property name cannot be part of a key');
    }
    const names = stateNames(value, shape);
    if (names.length === 0 && !isOfNoClass(value)) this.#saysNothing(shape, 'properties');
    if (names.length === 0 && types.isProxy(value)) {
      throw this.trail.refuse('a proxy without own properties cannot be part of a key: pass plain data');
    }
    return this.#record(value, names);
  }

  #record(value: object, names: string[] = Object.keys(value)): string {
    let parts = '';
    for (const name of sorted(names)) {
      const part: unknown = (value as Record<string, unknown>)[name];
      if (part === undefined && this.#omitUndefined) continue;
      this.trail.at(name);
      if (parts !== '') parts += ',';
      parts += `${quoted(name)}:${this.text(part)}`;
    }
    return `{${parts}}`;
  }

  #builtIn(value: object, { name, builtIn }: ClassShape): string | undefined {
    if (value instanceof URL) {
      this.#noMore(Object.keys(value).length > 0, name);
      return `!URL(${quoted(value.href)})`;
    }
    if (builtIn === undefined) return undefined;
    this.#noMore(hasMoreThanItsContent(value), name);
    if (types.isDate(value)) return `!Date(${Date.prototype.getTime.call(value)})`;
    if (types.isMap(value)) return `!Map(${this.#mapEntries(value)})`;
    if (types.isSet(value)) return `!Set(${this.#setEntries(value)})`;
    if (types.isRegExp(value)) return regExpText(value);
    if (ArrayBuffer.isView(value)) return binaryText(value, value.buffer, value.byteOffset, value.byteLength);
    if (types.isAnyArrayBuffer(value)) return binaryText(value, value, 0, value.byteLength);
    return undefined;
  }

  /** Refuses extra properties of a container: the key covers only its content. */
  #noMore(hasMore: boolean, name: string): void {
    if (hasMore)
      throw this.trail.refuse(`${name} with properties of its own cannot be part of a key: pass plain data`);
  }

  #saysNothing({ name }: ClassShape, where: string): never {
    const words = `an instance of ${name} without readable state (${where})`;
    throw this.trail.refuse(`${words} cannot be part of a key: ${wayOut(name)}`);
  }

  #mapEntries(map: ReadonlyMap<unknown, unknown>): string {
    const parts: string[] = [];
    // Call Map's own method: a subclass may override it.
    for (const [key, value] of Map.prototype.entries.call(map) as IterableIterator<[unknown, unknown]>) {
      this.trail.at({ words: `.keys()[${parts.length}]` });
      const keyText = this.text(key);
      this.trail.at(mapStep(key, parts.length));
      parts.push(`[${keyText},${this.text(value)}]`);
    }
    return parts.sort().join(',');
  }

  #setEntries(set: ReadonlySet<unknown>): string {
    const parts: string[] = [];
    for (const value of Set.prototype.values.call(set) as IterableIterator<unknown>) {
      this.trail.at({ words: `.values()[${parts.length}]` });
      parts.push(this.text(value));
    }
    return parts.sort().join(',');
  }
}

/** Tags the state of an instance with its class, to distinguish it from plain data and other classes. */
function ofClass({ identity }: ClassShape, text: string): string {
  return identity === undefined ? text : `!class(${quoted(identity)},${text})`;
}

function wayOut(name: string): string {
  return `give ${name} a toJSON() that returns its state, or pass plain data`;
}
