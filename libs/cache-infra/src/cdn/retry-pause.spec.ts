import { describe, expect, it } from '@jest/globals';

import { nextPause } from './retry-pause.js';

describe('nextPause', () => {
  it.each([
    ['after the first failure', 0, undefined, 1000],
    ['doubles', 3, undefined, 8000],
    ['is a minute at most', 1000, undefined, 60_000],
    ['is at least what the CDN asks for', 0, 90_000, 90_000],
    ['is not shortened by the CDN', 3, 1000, 8000],
    ['is an hour at most', 0, 9e9, 3_600_000],
  ])('%s', (_, failures, asked, expected) => {
    expect(nextPause(failures, asked)).toBe(expected);
  });
});
