import { describe, expect, it } from '@jest/globals';

import { emptyActivity } from '../cache/observe/activity.js';
import { HttpRouteCounts, RouteCounts } from './route-report.js';

const twoHits = { ...emptyActivity(), hits: 2, durationMs: 3 };
const miss = { ...emptyActivity(), misses: 1, loads: 1, sets: 1, durationMs: 10, loadMs: 9 };

describe('counts by route', () => {
  it('adds up the requests of a route', () => {
    const counts = new RouteCounts(10);
    counts.record('GET /a', twoHits);
    counts.record('GET /a', miss);
    expect(counts.report()).toEqual([
      {
        route: 'GET /a',
        requests: 2,
        hits: 2,
        misses: 1,
        sets: 1,
        loads: 1,
        durationMs: 13,
        loadMs: 9,
        hitRatio: 2 / 3,
      },
    ]);
  });

  it('is bounded (pitfall: keys and labels in metrics are an unbounded series)', () => {
    const counts = new RouteCounts(1);
    for (const route of ['GET /a', 'GET /b', 'GET /c']) counts.record(route, twoHits);
    expect(counts.report().map(({ route, requests }) => [route, requests])).toEqual([
      ['GET /a', 1],
      ['(other)', 2],
    ]);
    expect(counts.overflowed).toBe(2);
  });

  it('has a ratio of 0 without requests, and is empty after clear', () => {
    const counts = new RouteCounts(1);
    counts.record('GET /a', emptyActivity());
    expect(counts.report()[0]?.hitRatio).toBe(0);
    counts.clear();
    expect(counts.report()).toEqual([]);
  });
});

describe('T49: requests of an HTTP cache by route', () => {
  it('counts hits and misses, with their ratio', () => {
    const counts = new HttpRouteCounts(10);
    for (const result of ['miss', 'hit', 'hit', 'hit'] as const) counts.record('GET /a', result);
    expect(counts.report()).toEqual([{ route: 'GET /a', requests: 4, hits: 3, misses: 1, hitRatio: 0.75 }]);
  });

  it('is bounded, and is empty after clear', () => {
    const counts = new HttpRouteCounts(1);
    for (const route of ['GET /a', 'GET /b', 'GET /c']) counts.record(route, 'hit');
    expect(counts.report().map(({ route, requests }) => [route, requests])).toEqual([
      ['GET /a', 1],
      ['(other)', 2],
    ]);
    expect(counts.overflowed).toBe(2);
    counts.clear();
    expect(counts.report()).toEqual([]);
  });
});
