import { describe, expect, it } from '@jest/globals';

import { httpDate, parseHttpDate } from './http-date.js';

const now = Date.UTC(2030, 0, 1);
const then = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('dates of HTTP (RFC 9110 §5.6.7)', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', then],
    ['SUN, 06 NOV 1994 08:49:37 gmt', then],
    ['Sunday, 06-Nov-94 08:49:37 GMT', then],
    ['Sun Nov  6 08:49:37 1994', then],
    ['Thursday, 18-Aug-50 02:01:18 GMT', Date.UTC(2050, 7, 18, 2, 1, 18)],
    ['Thursday, 18-Aug-81 02:01:18 GMT', Date.UTC(1981, 7, 18, 2, 1, 18)],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
    ['Sun, 06 Nov 1994 8:49:37 GMT', undefined],
    ['Sun, 06-Nov-1994 08:49:37 GMT', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    ['0', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j', (text, expected) => {
    expect(parseHttpDate(text, now)).toBe(expected);
  });

  it('parses the dates that it writes', () => {
    expect(httpDate(then)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });
});
