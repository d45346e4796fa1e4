import { describe, expect, it } from '@jest/globals';

import { fieldText, fieldTokens, listMembers } from './header-fields.js';

describe('header fields', () => {
  it.each([
    ['a number', 60, '60'],
    ['several lines', ['a', 'b'], 'a, b'],
    ['a line', 'a', 'a'],
    ['nothing', undefined, undefined],
  ])('%s', (_what, value, expected) => {
    expect(fieldText({ name: value }, 'name')).toBe(expected);
  });

  it('tokens, in lower case, empty ones left out', () => {
    expect(fieldTokens({ vary: [' Accept , ', 'ORIGIN'] }, 'vary')).toEqual(['accept', 'origin']);
    expect(fieldTokens({}, 'vary')).toEqual([]);
  });

  it.each([
    ['a, b', ['a', 'b']],
    ['a="1, 2", b', ['a="1, 2"', 'b']],
    ['a="\\", x", b', ['a="\\", x"', 'b']],
    ['"a,b",W/"c"', ['"a,b"', 'W/"c"']],
    [', ,a', ['a']],
    ['a="open, b', ['a="open', 'b']],
    ['', []],
  ])('members of %j', (list, expected) => {
    expect(listMembers(list)).toEqual(expected);
  });

  it('parses a hostile field in a short time', () => {
    const start = performance.now();
    listMembers('"'.repeat(160_000));
    listMembers(`${'\\"'.repeat(80_000)},`);

    expect(performance.now() - start).toBeLessThan(2000);
  });
});
