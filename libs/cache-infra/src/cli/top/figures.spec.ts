import { cacheWindow } from '../../../../../test/support/fleet-samples.js';
import { groupHitRatio } from './figures.js';

/** A cache with so many hits in the L1, of which so many were timed. */
function cache(l1Hits: number, samples: number) {
  const window = cacheWindow('1m', { cache: 'shop', l1Hits });
  return { ...window, latency: { ...window.latency, l1: { ...window.latency.l1, count: samples } } };
}

describe('the hit ratio of a group', () => {
  it.each([
    ['no sampled hit of 196', { hits: 0, misses: 4 }, cache(196, 1), null],
    ['one sampled hit of 196', { hits: 128, misses: 4 }, cache(196, 1), null],
    ['no sample yet', { hits: 0, misses: 4 }, cache(100, 0), null],
    ['ten sampled hits', { hits: 1280, misses: 26 }, cache(1300, 10), 1280 / 1306],
    ['many misses', { hits: 0, misses: 1000 }, cache(200, 1), 0],
    ['hits in Redis alone', { hits: 6, misses: 2 }, cache(0, 0), 0.75],
    ['a monitor that counts every hit', { hits: 9, misses: 1 }, cache(9, 9), 0.9],
    ['a cache that is not known', { hits: 9, misses: 1 }, undefined, null],
    ['no reads', { hits: 0, misses: 0 }, cache(0, 0), null],
  ])('%s', (_, group, window, expected) => {
    expect(groupHitRatio(group, window)).toBe(expected);
  });
});
