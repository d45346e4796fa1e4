/** Lists of the instances, grouped by an id: in the order in which the ids appear. */
export function grouped<T>(lists: readonly (readonly T[])[], id: (each: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of lists.flat()) {
    const group = groups.get(id(each));
    if (group === undefined) groups.set(id(each), [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Adds objects of numbers, property by property. */
export function sumOf<N extends string>(
  names: readonly N[],
  parts: readonly Readonly<Record<N, number>>[],
): Record<N, number> {
  const sums = names.map((name) => [name, sum(parts.map((part) => part[name]))]);
  return Object.fromEntries(sums) as Record<N, number>;
}

/** The mean of the values that are known, by their weights; null = none is known. */
export function weighted(values: readonly (number | null)[], weights: readonly number[]): number | null {
  const known = values.flatMap((value, i) => (value === null ? [] : [{ value, weight: weights[i] ?? 0 }]));
  if (known.length === 0) return null;
  const total = sum(known.map(({ weight }) => weight));
  // Values without any weight count alike.
  if (total === 0) return sum(known.map(({ value }) => value)) / known.length;
  return sum(known.map(({ value, weight }) => value * weight)) / total;
}

/** The first of `order` that is among `values`: `order` begins with the worst. */
export function worst<T extends string>(order: readonly [T, ...T[]], values: readonly T[]): T {
  return order.find((each) => values.includes(each)) ?? (order.at(-1) as T);
}

/** The known ones of the values. */
export function known<T>(values: readonly (T | undefined)[]): T[] {
  return values.flatMap((value) => (value === undefined ? [] : [value]));
}
