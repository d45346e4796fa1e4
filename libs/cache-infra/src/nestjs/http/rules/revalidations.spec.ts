import { describe, expect, it } from '@jest/globals';

import { Revalidations } from './revalidations.js';

describe('T76: runs in the background', () => {
  it('start one at a time for each response', () => {
    const runs = new Revalidations();
    expect([runs.begin('a'), runs.begin('a'), runs.begin('b')]).toEqual([true, false, true]);
    runs.end('a');
    expect(runs.begin('a')).toBe(true);
  });

  it('count as failed until one succeeds', () => {
    const runs = new Revalidations();
    runs.failed('a');
    expect([runs.hasFailed('a'), runs.hasFailed('b')]).toEqual([true, false]);
    runs.succeeded('a');
    expect(runs.hasFailed('a')).toBe(false);
  });

  it('that failed are dropped, the oldest first, since clients choose the URLs', () => {
    const runs = new Revalidations();
    for (let i = 0; i < 1001; i++) runs.failed(String(i));
    expect([runs.hasFailed('0'), runs.hasFailed('1'), runs.hasFailed('1000')]).toEqual([false, true, true]);
  });
});
