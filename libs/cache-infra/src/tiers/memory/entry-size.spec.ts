import { SharingValue } from '../../values/graph.js';
import { entrySize } from './entry-size.js';
import { L1Entry } from './l1-entry.js';

const empty = entrySize('k', null);

/** The bytes of a value alone. */
function sizeOf(value: unknown): number {
  return entrySize('k', value) - empty;
}

describe('the estimated size of an L1 entry', () => {
  it('counts the key, and the record of an entry with details', () => {
    expect(entrySize('k'.repeat(1001), null) - empty).toBeCloseTo(1000, -1);
    expect(entrySize('k', new L1Entry('value', 1, undefined))).toBeGreaterThan(entrySize('k', 'value') + 100);
  });

  it('counts a character once, and twice when the string has one beyond Latin-1', () => {
    expect(sizeOf('x'.repeat(1000))).toBe(1016);
    expect(sizeOf('é'.repeat(1000))).toBe(1016);
    expect(sizeOf(`${'x'.repeat(999)}€`)).toBe(2016);
  });

  it.each<[unknown, number]>([
    [null, 0],
    [undefined, 0],
    [true, 0],
    [1, 0],
    [-0, 16],
    [0.5, 16],
    [2 ** 31, 16],
    [5n, 24],
    [2n ** 200n, 48],
    [{}, 56],
    [{ a: 1, b: 2, c: 3, d: 4 }, 56],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, 96],
    [[], 32],
    [Array.from({ length: 100 }, () => 0.5), 48 + 8 * 140],
    [Buffer.alloc(1000), 1208],
    [new Float64Array(100), 1008],
    [new ArrayBuffer(1000), 1208],
  ])('of a value of the table: %#', (value, bytes) => {
    expect(sizeOf(value)).toBe(bytes);
  });

  it('counts what a Map, a Set, a Date and a shared value hold', () => {
    const text = 'x'.repeat(1000);
    expect(sizeOf(new Map([[text, text]]))).toBeGreaterThan(2032);
    expect(sizeOf(new Set([text]))).toBeGreaterThan(1016);
    expect(sizeOf(new Date(0))).toBeGreaterThan(50);
    expect(sizeOf(new SharingValue([text]))).toBeGreaterThan(1016);
  });

  it('looks at some parts of a large value, and counts the others like these', () => {
    const list = Array.from({ length: 100_000 }, (_, i) => ({
      id: i,
      name: `user ${String(i).padStart(11)}`,
    }));
    const one = sizeOf(list[0]);
    expect(sizeOf(list) / (100_000 * (one + 8))).toBeCloseTo(1, 0);
    const start = performance.now();
    for (let i = 0; i < 100; i++) sizeOf(list);
    expect((performance.now() - start) / 100).toBeLessThan(5);
  });

  it('samples a list whose first part is unlike the rest evenly', () => {
    const list = Array.from({ length: 1000 }, (_, i) => (i < 500 ? 'x' : 'x'.repeat(1000)));
    expect(sizeOf(list) / (500 * 1016 + 500 * 24)).toBeCloseTo(1, 1);
  });

  it('ends for a value that contains itself, and for one that throws', () => {
    const ring: { self?: unknown } = {};
    ring.self = ring;
    expect(sizeOf(ring)).toBe(56);
    const broken = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(sizeOf(broken)).toBe(1024);
  });
});
