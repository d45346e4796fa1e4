import { types } from 'node:util';
import { makingOf } from './makings.js';
import { binaryFrom, binaryKind, bytesOf } from './typed-arrays.js';

/** A stored value with repeated parts. It is copied as a whole, so that each part is copied once. */
export class SharingValue {
  constructor(readonly whole: unknown) {}
}

/** Unwraps a stored value. */
export function wholeOf(kept: unknown): unknown {
  return kept instanceof SharingValue ? kept.whole : kept;
}

/** Deep copy of a stored value that preserves shared references, like `structuredClone`. */
export function cloneSharing({ whole }: SharingValue): unknown {
  return new Copies().of(whole);
}

class Copies {
  readonly #made = new Map<object, object>();

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (types.isDate(value)) return new Date(value.getTime());
    return this.#made.get(value) ?? this.#copy(value);
  }

  #copy(value: object): object {
    if (Array.isArray(value)) return this.#array(value);
    if (types.isMap(value)) {
      const copy = this.#known(new Map<unknown, unknown>(), value);
      for (const [key, part] of value) copy.set(this.of(key), this.of(part));
      return copy;
    }
    if (types.isSet(value)) {
      const copy = this.#known(new Set<unknown>(), value);
      for (const part of value) copy.add(this.of(part));
      return copy;
    }
    const making = makingOf(value);
    if (making !== undefined) return this.#known(making.type.decode(this.of(making.stored)) as object, value);
    const kind = binaryKind(value);
    if (kind === undefined) return this.#object(value);
    return this.#known(binaryFrom(kind, bytesOf(value as ArrayBufferView | ArrayBuffer)) as object, value);
  }

  #array(array: readonly unknown[]): unknown[] {
    const copy = this.#known(array.slice(), array);
    for (let index = 0; index < copy.length; index++) copy[index] = this.of(copy[index]);
    return copy;
  }

  /** An own `__proto__` is an own property of the copy too, so assigning it is safe. */
  #object(object: object): object {
    const copy: Record<string, unknown> = { ...object };
    this.#known(copy, object);
    for (const name of Object.keys(copy)) copy[name] = this.of(copy[name]);
    return copy;
  }

  #known<T extends object>(copy: T, original: object): T {
    this.#made.set(original, copy);
    return copy;
  }
}
