import { describe, expect, it } from '@jest/globals';

import { benchmarkData } from '../testing/benchmark-data.js';
import { BenchmarkDataGenerator, dataKinds } from './data-generator.js';
import { integerBelow, seededRandom } from './random.js';
import { entriesOf, type TestData } from './test-data.js';

const generator = new BenchmarkDataGenerator(7);
const lengths = (entries: readonly { value: string }[]) => entries.map(({ value }) => value.length);

describe('seed S1.3 the data of benchmarks', () => {
  it.each(dataKinds)('%s: exactly as many records as asked for, with keys of their own', (kind) => {
    for (const count of [0, 1, 7, 53]) {
      const records = generator.records(kind, count);
      expect(records).toHaveLength(count);
      expect(new Set(records.map(({ key }) => key)).size).toBe(count);
    }
  });

  it.each(dataKinds)('%s: the same seed gives the same data, in any order of calls', (kind) => {
    const other = new BenchmarkDataGenerator(7);
    other.small(3);
    expect(other.records(kind, 5)).toEqual(generator.records(kind, 5));
    expect(new BenchmarkDataGenerator(8).records(kind, 5)).not.toEqual(generator.records(kind, 5));
  });

  it('a longer set begins with the shorter', () => {
    expect(generator.json(20).slice(0, 4)).toEqual(generator.json(4));
  });

  it('has the sizes that it states', () => {
    for (const [values, low, high] of [
      [generator.small(40), 20, 100],
      [generator.medium(20), 1000, 5000],
      [generator.large(4), 20_000, 60_000],
    ] as const) {
      expect(Math.min(...lengths(values))).toBeGreaterThanOrEqual(low);
      expect(Math.max(...lengths(values))).toBeLessThanOrEqual(high);
      expect(new Set(lengths(values)).size).toBeGreaterThan(1);
    }
  });

  it('json can be converted to JSON and back', () => {
    const users = generator.json(20);
    expect(JSON.parse(JSON.stringify(users))).toEqual(users);
    expect(users[0]?.value).toMatchObject({ id: 0, email: expect.stringContaining('@example.com') });
  });

  it('text is prose', () => {
    for (const { value } of generator.text(10)) expect(value).toMatch(/^[A-Z“].*[.?!”] .*[.?!”]$/);
  });

  it.each([-1, 1.5, NaN])('refuses the count %d', (count) => {
    expect(() => generator.small(count)).toThrow('count must be a non-negative integer');
  });

  it('refuses an invalid seed', () => {
    expect(() => new BenchmarkDataGenerator(-1)).toThrow('seed must be a non-negative integer');
  });
});

describe('a Zipf trace', () => {
  const countsOf = (trace: Uint32Array, keys: number) => {
    const counts = new Array<number>(keys).fill(0);
    for (const key of trace) counts[key] = (counts[key] ?? 0) + 1;
    return counts;
  };

  it('is as long as asked for, within the keys, and the same for the same seed', () => {
    const trace = generator.zipfTrace({ keys: 10, length: 1000 });
    expect(trace).toHaveLength(1000);
    expect(Math.max(...trace)).toBeLessThan(10);
    expect(new BenchmarkDataGenerator(7).zipfTrace({ keys: 10, length: 1000 })).toEqual(trace);
  });

  it('follows rank^-exponent', () => {
    const counts = countsOf(generator.zipfTrace({ keys: 100, length: 50_000, exponent: 1 }), 100);
    const harmonic = Array.from({ length: 100 }, (_, index) => 1 / (index + 1)).reduce((a, b) => a + b);
    for (const rank of [1, 2, 5, 10]) {
      const expected = 50_000 / harmonic / rank;
      expect(Math.abs((counts[rank - 1] ?? 0) - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('with exponent 0 all keys are equally frequent', () => {
    const counts = countsOf(generator.zipfTrace({ keys: 4, length: 20_000, exponent: 0 }), 4);
    for (const count of counts) expect(Math.abs(count - 5000)).toBeLessThan(350);
  });

  it.each([
    [{ keys: 0, length: 1 }, 'keys'],
    [{ keys: 1, length: -1 }, 'length'],
    [{ keys: 1, length: 1, exponent: -1 }, 'exponent'],
  ])('refuses %j', (options, name) => {
    expect(() => generator.zipfTrace(options)).toThrow(`${name} must be`);
  });
});

describe('seededRandom', () => {
  it('is uniform', () => {
    const random = seededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 20_000; draw++) {
      const at = integerBelow(random, 10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
  });

  it('has different numbers for each stream and large seed', () => {
    const firsts = [seededRandom(1), seededRandom(2), seededRandom(1, 'a'), seededRandom(2 ** 40 + 1)];
    expect(new Set(firsts.map((random) => random())).size).toBe(4);
  });
});

describe('test data', () => {
  const entries = [
    { key: 'a', value: 1 },
    { key: 'b', value: null },
  ];

  it.each<[string, TestData]>([
    ['records', entries],
    [
      'records with more than that, as the testing guide has them',
      entries.map((entry) => ({ ...entry, sizeKb: 0.1 })),
    ],
    [
      'pairs',
      [
        ['a', 1],
        ['b', null],
      ],
    ],
    [
      'a Map',
      new Map<string, unknown>([
        ['a', 1],
        ['b', null],
      ]),
    ],
    ['an object', { a: 1, b: null }],
  ])('may be %s', (_, testData) => {
    expect(entriesOf(testData)).toEqual(entries);
  });

  it('seed S2.24 may be benchmarkData()', () => {
    expect(entriesOf(benchmarkData())).toHaveLength(50);
  });

  it.each<[unknown, string]>([
    [[], 'at least one record'],
    [{}, 'at least one record'],
    [[{ value: 1 }], 'testData[0] must be { key, value } or [key, value]'],
    [['ab'], 'testData[0] must be'],
    [[entries[0], { key: '', value: 1 }], 'testData[1]: key must be a non-empty string'],
    [{ a: undefined }, 'testData["a"]: undefined is not cacheable'],
    ['text', 'testData must be an array'],
    [null, 'testData must be an array'],
  ])('%j is refused', (testData, words) => {
    expect(() => entriesOf(testData as TestData)).toThrow(words);
  });
});
