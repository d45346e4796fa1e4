import { normalised } from './vector.js';

const lengthOf = (vector: Float32Array): number => Math.hypot(...vector);

describe('normalised', () => {
  it.each([
    ['numbers', [3, 4]],
    ['a Float32Array', Float32Array.of(3, 4)],
    ['a Float64Array of large numbers', Float64Array.of(3e200, 4e200)],
    ['tiny numbers', [3e-200, 4e-200]],
  ])('%s: a copy with length 1', (_, vector) => {
    const made = normalised(vector) as Float32Array;
    expect(made).toBeInstanceOf(Float32Array);
    expect(made).not.toBe(vector);
    expect(made[0]).toBeCloseTo(0.6, 6);
    expect(made[1]).toBeCloseTo(0.8, 6);
    expect(lengthOf(made)).toBeCloseTo(1, 6);
  });

  it.each([
    [[], 'the vector is empty'],
    [[0, 0], 'the vector has only zeros'],
    [[1, NaN], 'number 1 of the vector is NaN'],
    [[Infinity, 1], 'number 0 of the vector is Infinity'],
    [[1, null], 'number 1 of the vector is no number'],
    [[1, '2'], 'number 1 of the vector is no number'],
    [new Array<number>(2), 'number 0 of the vector is no number'],
    [new Float32Array(20_000).fill(1), 'the vector has more than 16384 dimensions'],
    [undefined, 'the embedder returned no list of numbers'],
    ['text', 'the embedder returned no list of numbers'],
    [{ data: [1] }, 'the embedder returned no list of numbers'],
    [BigInt64Array.of(1n), 'the embedder returned no list of numbers'],
    [new DataView(new ArrayBuffer(8)), 'the embedder returned no list of numbers'],
  ])('%j is refused', (vector, refused) => {
    expect(normalised(vector)).toEqual({ refused });
  });
});
