import { nonNegativeInteger, positiveInteger, positiveNumber, problemsAt } from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import { sentences } from './prose.js';
import { integerBelow, seededRandom, type Random } from './random.js';

/** A key and its value. */
export interface BenchmarkEntry<T = unknown> {
  readonly key: string;
  readonly value: T;
}

/** A record of `json()`. */
export interface GeneratedUser {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly score: number;
  readonly createdAt: string;
  readonly address: { readonly street: string; readonly city: string; readonly zip: string };
  readonly tags: readonly string[];
  readonly orders: readonly { readonly id: number; readonly total: number; readonly items: number }[];
}

export interface ZipfTraceOptions {
  /** Number of keys; the first is the most popular. */
  readonly keys: number;
  /** Number of accesses. */
  readonly length: number;
  /** Zipf exponent; 0 = uniform. Default 0.99, as in the Yahoo! Cloud Serving Benchmark. */
  readonly exponent?: number | undefined;
}

export const dataKinds = ['small', 'medium', 'large', 'json', 'text'] as const;
export type DataKind = (typeof dataKinds)[number];

/** 64 characters: six random bits each. */
const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_');
const firstNames = [
  'Ada',
  'Alan',
  'Barbara',
  'Edsger',
  'Grace',
  'Ken',
  'Leslie',
  'Margaret',
  'Niklaus',
  'Radia',
];
const cities = [
  'Amsterdam',
  'Bogotá',
  'Kraków',
  'Lagos',
  'London',
  'Osaka',
  'Porto',
  'Québec',
  'Zürich',
  '京都',
];
const words = ['annual', 'blue', 'daily', 'gift', 'large', 'new', 'open', 'priority', 'small', 'wholesale'];

/**
 * Generates test data: exactly the requested number of records, equal for equal seeds, independent of the order of
 * calls. Generate data before the measurement.
 *
 * @throws ValidationError for an invalid number
 */
export class BenchmarkDataGenerator {
  readonly seed: number;

  constructor(seed = 1) {
    assertNumber('seed', seed, nonNegativeInteger);
    this.seed = seed;
  }

  /** Random text of 20 to 100 characters. */
  small(count: number): BenchmarkEntry<string>[] {
    return this.#make('small', count, (random) => noise(random, 20 + integerBelow(random, 81)));
  }

  /** Random text of 1,000 to 5,000 characters. */
  medium(count: number): BenchmarkEntry<string>[] {
    return this.#make('medium', count, (random) => noise(random, 1000 + integerBelow(random, 4001)));
  }

  /** Random text of 20,000 to 60,000 characters. */
  large(count: number): BenchmarkEntry<string>[] {
    return this.#make('large', count, (random) => noise(random, 20_000 + integerBelow(random, 40_001)));
  }

  /** Users with an address, tags and orders: 300 to 800 bytes of JSON. */
  json(count: number): BenchmarkEntry<GeneratedUser>[] {
    return this.#make('json', count, user);
  }

  /** English prose of 5 to 40 sentences, with the compression ratio of prose. */
  text(count: number): BenchmarkEntry<string>[] {
    return this.#make('text', count, (random) =>
      Array.from({ length: 5 + integerBelow(random, 36) }, () => pick(random, sentences)).join(' '),
    );
  }

  /** Records of a kind. */
  records(kind: DataKind, count: number): BenchmarkEntry[] {
    return this[kind](count);
  }

  /** A trace of key indexes with Zipf popularity, by inverse transform sampling. */
  zipfTrace({ keys, length, exponent = 0.99 }: ZipfTraceOptions): Uint32Array {
    assertNumber('keys', keys, positiveInteger);
    assertNumber('length', length, nonNegativeInteger);
    if (exponent !== 0) assertNumber('exponent', exponent, positiveNumber);
    const cumulative = new Float64Array(keys);
    let total = 0;
    for (let index = 0; index < keys; index++) {
      total += (index + 1) ** -exponent;
      cumulative[index] = total;
    }
    const random = seededRandom(this.seed, 'zipf');
    return Uint32Array.from({ length }, () => firstAbove(cumulative, random() * total));
  }

  #make<T>(kind: string, count: number, value: (random: Random, index: number) => T): BenchmarkEntry<T>[] {
    assertNumber('count', count, nonNegativeInteger);
    const random = seededRandom(this.seed, kind);
    return Array.from({ length: count }, (_, index) => ({
      key: `${kind}:${index}`,
      value: value(random, index),
    }));
  }
}

function noise(random: Random, length: number): string {
  const characters = Buffer.allocUnsafe(length);
  let [bits, left] = [0, 0];
  for (let index = 0; index < length; index++) {
    if (left === 0) [bits, left] = [integerBelow(random, 2 ** 30), 5];
    characters[index] = alphabet[bits & 63] as number;
    bits >>>= 6;
    left--;
  }
  return characters.toString('latin1');
}

function pick(random: Random, from: readonly string[]): string {
  return from[integerBelow(random, from.length)] as string;
}

function user(random: Random, id: number): GeneratedUser {
  const name = pick(random, firstNames);
  return {
    id,
    name,
    email: `${name.toLowerCase()}.${id}@example.com`,
    active: random() < 0.8,
    score: Math.round(random() * 10_000) / 100,
    createdAt: new Date(1.6e12 + integerBelow(random, 1e8) * 1000).toISOString(),
    address: {
      street: `${pick(random, words)} street ${integerBelow(random, 200)}`,
      city: pick(random, cities),
      zip: String(10_000 + integerBelow(random, 90_000)),
    },
    tags: Array.from({ length: 1 + integerBelow(random, 4) }, () => pick(random, words)),
    orders: Array.from({ length: 1 + integerBelow(random, 8) }, (_, index) => ({
      id: id * 100 + index,
      total: Math.round(random() * 50_000) / 100,
      items: 1 + integerBelow(random, 12),
    })),
  };
}

/** Index of the first number above `value`; binary search. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function assertNumber(name: string, value: number, check: Parameters<typeof problemsAt>[2]): void {
  const problems = problemsAt(name, value, check);
  if (problems.length > 0) throw new ValidationError(problems, 'BenchmarkDataGenerator');
}
