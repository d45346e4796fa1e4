import { describe, expect, it } from '@jest/globals';

import { quoted, retryAfter } from './api-call.js';

const now = Date.UTC(2030, 0, 1);

describe('retryAfter', () => {
  it.each([
    [null, undefined],
    ['30', 30_000],
    ['Tue, 01 Jan 2030 00:00:10 GMT', 10_000],
    ['Mon, 31 Dec 2029 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('of %j is %j', (value, expected) => {
    expect(retryAfter(value, now)).toBe(expected);
  });
});

describe('quoted', () => {
  it('is one short line without secrets', () => {
    expect(quoted(`a\n  key-1 ${'x'.repeat(300)}`, ['key-1'])).toBe(`: a *** ${'x'.repeat(194)}…`);
    expect(quoted(' \n', [])).toBe('');
  });
});
