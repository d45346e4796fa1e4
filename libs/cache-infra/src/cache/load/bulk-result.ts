import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { portionSize, Turn } from '../../base/turn.js';

/** The value of a missing key, and its index among the missing keys; `undefined` = absent. */
export type BulkValues = (key: string, index: number) => unknown;

/**
 * Reads the result of a loader of many keys.
 *
 * @throws ValidationError if the result has another form, another length than `missing`, or a key that is not missing
 */
export async function readBulk(result: unknown, missing: readonly string[]): Promise<BulkValues> {
  if (Array.isArray(result)) {
    if (result.length === missing.length) return (_, index) => result[index] as unknown;
    throw new ValidationError(
      `the loader of ${missing.length} missing keys returned an array of ${result.length} values: return one value for each key, in the order of the keys (undefined = absent), or a Map`,
    );
  }
  if (result instanceof Map) {
    await assertKnown(result.keys(), missing);
    return (key) => result.get(key) as unknown;
  }
  if (isPlainObject(result)) {
    await assertKnown(Object.keys(result), missing);
    return (key) => (Object.hasOwn(result, key) ? result[key] : undefined);
  }
  throw new ValidationError(
    `the loader of many keys must return a Map, a plain object or an array, got ${describeValue(result)}`,
  );
}

async function assertKnown(keys: Iterable<unknown>, missing: readonly string[]): Promise<void> {
  const known: ReadonlySet<unknown> = new Set(missing);
  const turn = new Turn();
  let count = 0;
  for (const key of keys) {
    if (++count % portionSize === 0 && turn.isOver) await turn.next();
    if (known.has(key)) continue;
    throw new ValidationError(
      `the loader returned a value for ${describeValue(key)}, which is not among the ${missing.length} missing keys`,
    );
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isForeignObject(prototype);
}

/** The `Object.prototype` of another realm, such as a `vm` context. */
function isForeignObject(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
}
