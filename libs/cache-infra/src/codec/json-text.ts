import { types } from 'node:util';
import { Trail } from '../base/trail.js';
import { makingOf } from '../values/makings.js';
import type { Snapshot } from '../values/snapshot.js';
import { binaryKind } from '../values/typed-arrays.js';

/**
 * The JSON text of a value. A part that occurs more than once is written each time.
 *
 * @throws SerializationError with the path, for a value that JSON would change: `undefined`, NaN, Infinity, -0, BigInt,
 * Date, Map, Set, binary data and registered types; and for more than `maxNodes` parts
 */
export function jsonText({ value, json, shares }: Snapshot, maxNodes: number): string {
  if (!json || shares) new JsonCheck(maxNodes).visit(value);
  return JSON.stringify(value);
}

class JsonCheck {
  readonly #trail = new Trail();
  readonly #maxNodes: number;
  #nodes = 0;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  visit(value: unknown): void {
    // Repeated parts count each time: a few of them can make a text of any length.
    if (++this.#nodes > this.#maxNodes)
      throw this.#trail.refuse(
        `value has more than ${this.#maxNodes} parts (advanced.maxValueNodes), repeated parts counted each time`,
      );
    const refused = whatJsonLacks(value);
    if (refused !== undefined)
      throw this.#trail.refuse(`${refused} cannot be stored as JSON (format: 'json')`);
    if (typeof value !== 'object' || value === null) return;
    this.#trail.enter(value);
    const isList = Array.isArray(value);
    for (const [name, part] of Object.entries(value)) {
      this.#trail.at(isList ? Number(name) : name);
      this.visit(part);
    }
    this.#trail.leave();
  }
}

/** The name of a part that JSON would change; `undefined` for one that JSON holds. */
function whatJsonLacks(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      if (Object.is(value, -0)) return '-0';
      return Number.isFinite(value) ? undefined : String(value);
    case 'undefined':
      return 'undefined';
    case 'bigint':
      return 'a BigInt';
    case 'object':
      return value === null || Array.isArray(value) ? undefined : kindOf(value);
    default:
      return undefined;
  }
}

function kindOf(value: object): string | undefined {
  if (types.isDate(value)) return 'a Date';
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  const making = makingOf(value);
  if (making !== undefined) return `an instance of the type '${making.type.name}'`;
  const binary = binaryKind(value);
  return binary === undefined ? undefined : `binary data (${binary})`;
}
