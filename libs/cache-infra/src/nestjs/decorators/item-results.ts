import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';

/** The values that a method of many items returned, one for each item; `undefined` = absent. */
export function valuesOfRun(
  each: true | 'map' | undefined,
  returned: unknown,
  items: readonly unknown[],
  label: string,
): unknown[] {
  if (each === 'map') return valuesOfMap(returned, items, label);
  if (!Array.isArray(returned)) {
    const hint = returned instanceof Map ? ": set each: 'map' for a method that returns a Map" : '';
    throw new ValidationError(
      `${label} must return an array, with one value for each item (each: true), got ${describeValue(returned)}${hint}`,
    );
  }
  if (returned.length === items.length) return [...(returned as unknown[])];
  throw new ValidationError(
    `${label} got ${items.length} items and returned ${returned.length} values: return one value for each item, in their order (undefined = absent)`,
  );
}

function valuesOfMap(returned: unknown, items: readonly unknown[], label: string): unknown[] {
  if (!(returned instanceof Map)) {
    throw new ValidationError(
      `${label} must return a Map by item (each: 'map'), got ${describeValue(returned)}`,
    );
  }
  const known = new Set(items);
  for (const item of returned.keys()) {
    if (known.has(item)) continue;
    throw new ValidationError(
      `${label} returned a value for ${describeValue(item)}, which is not among the ${items.length} items that it got`,
    );
  }
  return items.map((item) => returned.get(item) as unknown);
}

/** The result of a call, in the form that the method returns. `keys`: of the items. */
export function itemResult(
  each: true | 'map' | undefined,
  items: readonly unknown[],
  keys: readonly string[],
  values: ReadonlyMap<string, unknown>,
): unknown {
  const valueOf = (index: number): unknown => values.get(keys[index] as string);
  if (each !== 'map') return items.map((_, index) => valueOf(index));
  const result = new Map<unknown, unknown>();
  for (const [index, item] of items.entries()) {
    const value = valueOf(index);
    if (value !== undefined) result.set(item, value);
  }
  return result;
}
