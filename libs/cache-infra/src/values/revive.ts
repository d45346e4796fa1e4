import { types } from 'node:util';
import { declaredClass } from './class-metadata.js';
import type { Class } from './class.js';
import { classNature } from './class-nature.js';
import { defineOwn } from './own-property.js';

/**
 * Creates instances of `as` from a stored value: from the value itself, or from the items of an array, a Map or a Set.
 * No constructor runs and no decorator is applied, so instances have every stored property, `@Exclude()`d ones
 * included; `@Type()` names the classes of their parts. A frozen value gives frozen instances. `stored` is not changed.
 */
export function reviveAs(as: Class, stored: unknown): unknown {
  return new Revival().revived(stored, () => as);
}

/** The class of a part. */
type ClassOf = (part: object) => Class | undefined;

class Revival {
  /** Instances by stored part: a repeated part is revived once. */
  readonly #made = new Map<object, unknown>();

  revived(stored: unknown, classOf: ClassOf): unknown {
    if (typeof stored !== 'object' || stored === null) return stored;
    const known = this.#made.get(stored);
    if (known !== undefined) return known;
    const made = this.#make(stored, classOf);
    this.#made.set(stored, made);
    return Object.isFrozen(stored) ? Object.freeze(made) : made;
  }

  #make(stored: object, classOf: ClassOf): unknown {
    const of = (part: unknown): unknown => this.revived(part, classOf);
    if (Array.isArray(stored)) return stored.map(of);
    if (types.isMap(stored)) return new Map(Array.from(stored, ([key, part]) => [key, of(part)]));
    if (types.isSet(stored)) return new Set(Array.from(stored, of));
    const as = isPlainStored(stored) ? classOf(stored) : undefined;
    // Date, Buffer and other built-ins need no reviving.
    if (as === undefined || classNature(as.prototype as object).isBuiltIn) return stored;
    return this.#instance(stored as Record<string, unknown>, as);
  }

  #instance(stored: Readonly<Record<string, unknown>>, as: Class): object {
    const made = Object.create(as.prototype as object) as object;
    for (const name of Object.keys(stored)) {
      defineOwn(
        made,
        name,
        this.revived(stored[name], (part) => declaredClass(as, name, part)),
      );
    }
    return made;
  }
}

function isPlainStored(stored: object): boolean {
  return Object.getPrototypeOf(stored) === Object.prototype;
}
