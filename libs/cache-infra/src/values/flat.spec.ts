import fc from 'fast-check';

import { isFlatObject } from './flat.js';
import { snapshot } from './snapshot.js';

describe('isFlatObject', () => {
  it.each([
    ['primitives', { a: 1, b: 'x', c: true, d: null, e: undefined, f: 1n }, true],
    ['nothing', {}, true],
    ['an object inside', { a: {} }, false],
    ['an array inside', { a: [] }, false],
    ['a function inside', { a: () => 1 }, false],
    ['a symbol inside', { a: Symbol('x') }, false],
    ['a symbol as a key', { [Symbol('x')]: 1 }, false],
    ['an array', [1], false],
    ['a Date', new Date(0), false],
    ['no prototype', Object.create(null) as object, false],
  ])('%s', (_, value, expected) => {
    expect(isFlatObject(value)).toBe(expected);
  });

  it('is false for an object that throws when it is read', () => {
    const thrower = {
      get a(): never {
        throw new Error('unreadable');
      },
    };
    expect(isFlatObject(thrower)).toBe(false);
    expect(
      isFlatObject(
        new Proxy(
          {},
          {
            getPrototypeOf: () => {
              throw new Error('hidden');
            },
          },
        ),
      ),
    ).toBe(false);
  });

  it('is false for an object with very many properties', () => {
    expect(isFlatObject(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`p${String(i)}`, i])))).toBe(
      false,
    );
  });

  it('every flat object can be stored', () => {
    fc.assert(
      fc.property(fc.object({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        if (isFlatObject(value)) expect(snapshot(value).value).toEqual(value);
      }),
    );
  });
});
