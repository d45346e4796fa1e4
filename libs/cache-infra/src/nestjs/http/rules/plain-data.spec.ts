import { describe, expect, it } from '@jest/globals';

import { instanceWithin } from './plain-data.js';

class Account {
  readonly id = 1;
}
class Stamp extends Date {}
class Rows extends Array {}
class Index extends Map {}
class Bytes extends Uint8Array {}

describe('T66, T70: the class that an answer would lose in the cache', () => {
  const circle: unknown[] = [];
  circle.push(circle);

  it.each([
    ['a text', 'x'],
    ['nothing', undefined],
    ['a BigInt', 1n],
    ['plain data', { list: [1, null, { at: new Date(0) }], bytes: Buffer.from('x') }],
    ['an object without a prototype', Object.create(null)],
    ['a Map and a Set', new Map([[{ a: 1 }, new Set([1])]])],
    ['typed arrays', [new Uint8Array(1), new Float64Array(1), new ArrayBuffer(1)]],
    ['a circle, which has no JSON', circle],
  ])('%s loses no class', (_what, value) => {
    expect(instanceWithin(value)).toBeUndefined();
  });

  it.each([
    ['an instance', new Account(), 'Account'],
    ['one within a list', [{ a: new Account() }], 'Account'],
    ['one within a Map', new Map([[1, new Account()]]), 'Account'],
    ['one as the key of a Map', new Map([[new Account(), 1]]), 'Account'],
    ['one within a Set', new Set([new Account()]), 'Account'],
    ['a Date of a subclass', new Stamp(), 'Stamp'],
    ['a list of a subclass', new Rows(), 'Rows'],
    ['a Map of a subclass', new Index(), 'Index'],
    ['bytes of a subclass', new Bytes(1), 'Bytes'],
    ['a Date with a property', Object.assign(new Date(0), { zone: 'x' }), 'Date'],
    ['a list with a property', Object.assign([1], { total: 9 }), 'Array'],
    ['a list with a hole', [1, , 2], 'Array'], // eslint-disable-line no-sparse-arrays
    ['a property under a symbol', { [Symbol('kind')]: 1 }, 'Object'],
    ['a function', { format: () => 1 }, 'function'],
    ['an error', new RangeError('x'), 'RangeError'],
    [
      'a class without a name',
      new (class {
        readonly id = 1;
      })(),
      'a class without a name',
    ],
    ['a Map behind a Proxy', new Proxy(new Map(), {}), 'Map'],
  ])('%s', (_what, value, expected) => {
    expect(instanceWithin(value)).toBe(expected);
  });
});
