import { inputListOf, isBrokenVector, vectorsOf } from './vectors.js';

const base64 = (...numbers: number[]) => Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

describe('inputListOf', () => {
  it.each([
    ['a text', 'a', undefined],
    ['tokens', [1, 2], undefined],
    ['no inputs', [], undefined],
    ['texts', ['a', 'b'], ['a', 'b']],
    ['lists of tokens', [[1], [2]], [[1], [2]]],
  ])('%s', (_name, input, inputs) => {
    expect(inputListOf({ input })).toEqual(inputs);
  });
});

describe('vectorsOf', () => {
  const item = (embedding: unknown, index?: unknown) => ({ embedding, index });

  it.each<[string, object[], number, unknown[]]>([
    ['in order', [item('a', 0), item('b', 1)], 2, ['a', 'b']],
    ['in another order', [item('b', 1), item('a', 0)], 2, ['a', 'b']],
    ['with a hole', [item('a', 0), item('c', 2)], 3, ['a', undefined, 'c']],
    ['with an item without a vector', [item('a', 0), { index: 1 }], 2, ['a', undefined]],
    ['without indexes', [item('a'), item('b')], 2, ['a', 'b']],
    ['with one index for all', [item('a', 0), item('b', 0)], 2, ['a', 'b']],
    ['with indexes that count from 1', [item('a', 1), item('b', 2)], 2, ['a', 'b']],
    ['too few, without indexes', [item('a'), item('c')], 3, [undefined, undefined, undefined]],
    ['too many', [item('a', 0), item('b', 1)], 1, [undefined]],
    ['none', [], 2, [undefined, undefined]],
  ])('%s', (_name, data, count, vectors) => {
    expect(vectorsOf({ data }, count)).toEqual(vectors);
  });
});

describe('isBrokenVector', () => {
  it.each<[string, unknown, boolean]>([
    ['numbers', [0.1, 0, -0.2], false],
    ['base64', base64(0.1, 0, -0.2), false],
    ['no vector', undefined, true],
    ['no numbers', [], true],
    ['no bytes', '', true],
    ['zeros', [0, 0], true],
    ['zeros in base64', base64(0, 0), true],
    ['a null among the numbers', [0.1, null], true],
    ['NaN in base64', base64(0.1, NaN), true],
    ['infinity in base64', base64(Infinity), true],
    ['bytes that are no floats', Buffer.from('abc').toString('base64'), true],
  ])('%s', (_name, vector, isBroken) => {
    expect(isBrokenVector(vector)).toBe(isBroken);
  });
});
