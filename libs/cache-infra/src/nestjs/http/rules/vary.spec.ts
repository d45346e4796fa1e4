import { describe, expect, it } from '@jest/globals';

import { fingerprintOf, merged, sameNames, variantOf, varyNames } from './vary.js';

describe('Vary (RFC 9111 §4.1) (guarantee 17)', () => {
  it.each([
    [undefined, []],
    ['Origin, Accept', ['accept', 'origin']],
    ['accept, ACCEPT', ['accept']],
    ['*', '*'],
    ['Foo, *', '*'],
    [['', '*'], '*'],
  ])('names of %j', (vary, expected) => {
    expect(varyNames({ vary })).toEqual(expected);
  });

  it('joins lists', () => {
    expect(merged(['B', 'a'], ['b'], [])).toEqual(['a', 'b']);
    expect([sameNames(['a'], ['a']), sameNames(['a'], ['b']), sameNames(['a'], [])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['equal values', { a: '1' }, { a: '1' }, true],
    ['other fields', { a: '1', b: '1' }, { a: '1', b: '2' }, true],
    ['white space', { a: '1,2' }, { a: ' 1 , 2 ' }, true],
    ['lines', { a: ['1', '2'] }, { a: '1, 2' }, true],
    ['other values', { a: '1' }, { a: '2' }, false],
    ['case', { a: 'x' }, { a: 'X' }, false],
    ['absence', { a: '' }, {}, false],
  ])('distinguishes requests by the named fields: %s', (_what, one, another, same) => {
    expect(variantOf(['a'], one) === variantOf(['a'], another)).toBe(same);
  });

  it('never shows a value', () => {
    expect(variantOf(['authorization'], { authorization: 'secret' })).toMatch(/^[\w-]{43}$/);
  });

  it('ignores fields that no handler responds by, such as a request id', () => {
    const request = { accept: 'x', 'x-request-id': '1', 'if-none-match': '"a"' };

    expect(fingerprintOf(request)).toBe(fingerprintOf({ accept: 'x', 'x-request-id': '2' }));
    expect(fingerprintOf(request)).not.toBe(fingerprintOf({ ...request, 'user-agent': 'x' }));
  });
});
