/** Reads a part of a summary. Throws {@link Unreadable} for data of another shape. */
export type Read<T> = (value: unknown) => T;

/** The data is not of the shape that its reader expects. */
export class Unreadable extends Error {}

/** A finite number. */
export const number: Read<number> = (value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Unreadable('not a number');
  return value;
};

/** A number from 0. */
export const count: Read<number> = (value) => Math.max(0, number(value));

/** A count that older releases do not publish. */
export const countOrZero: Read<number> = (value) => (value === undefined ? 0 : count(value));

/** A text, cut at `most` characters. */
export function text(most: number): Read<string> {
  return (value) => {
    if (typeof value !== 'string') throw new Unreadable('not a text');
    return value.length <= most ? value : `${value.slice(0, most - 1)}…`;
  };
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Read<T> {
  return (value) => {
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw new Unreadable(`none of ${allowed.join(', ')}`);
    return found;
  };
}

export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value) => (value === null ? null : read(value));
}

export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value) => (value === undefined || value === null ? undefined : read(value));
}

/** A list; elements after the first `most` are dropped. */
export function list<T>(read: Read<T>, most: number): Read<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Unreadable('not a list');
    return value.slice(0, most).map((each) => read(each));
  };
}

/** A list that older releases do not publish. */
export function listOrEmpty<T>(read: Read<T>, most: number): Read<T[]> {
  const all = list(read, most);
  return (value) => (value === undefined ? [] : all(value));
}

/** A list of exactly `length` elements. */
export function row<T>(read: Read<T>, length: number): Read<T[]> {
  const all = list(read, length);
  return (value) => {
    if (Array.isArray(value) && value.length !== length) throw new Unreadable(`not ${length} elements`);
    return all(value);
  };
}

/** An object; properties without a reader are dropped. */
export function record<T extends object>(reads: { readonly [K in keyof T]-?: Read<T[K]> }): Read<T> {
  const all = Object.entries<Read<unknown>>(reads);
  return (value) => {
    if (typeof value !== 'object' || value === null) throw new Unreadable('not an object');
    const given = new Map<string, unknown>(Object.entries(value));
    return Object.fromEntries(all.map(([name, read]) => [name, read(given.get(name))])) as T;
  };
}

/** An object whose properties `names` all have the same shape. */
export function each<N extends string, T>(names: readonly N[], read: Read<T>): Read<Record<N, T>> {
  return record(
    Object.fromEntries(names.map((name) => [name, read])) as { [K in keyof Record<N, T>]-?: Read<T> },
  );
}
