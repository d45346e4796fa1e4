import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { CacheStats } from '../cache/contract/stats.js';
import { UnreplayedTags } from './unreplayed-tags.js';

let journalled: number;
let purged: (readonly string[])[];
let tags: UnreplayedTags;

beforeEach(() => {
  jest.useFakeTimers();
  journalled = 1;
  purged = [];
  const cache = new InMemoryCache();
  const stats = (): CacheStats => {
    const { journal, ...others } = cache.stats();
    return { ...others, journal: { ...journal, size: journalled } };
  };
  tags = new UnreplayedTags({
    ...{ cache: { stats }, most: 3, tagOfAll: '!all' },
    purgeAgain: (again) => purged.push(again),
  });
});

afterEach(() => {
  tags.stop();
  jest.useRealTimers();
});

describe('UnreplayedTags', () => {
  it('purges again, once, when the journal is replayed', () => {
    tags.add(['a', 'b']);
    tags.add(['b', 'c']);
    jest.advanceTimersByTime(5000);
    expect(purged).toEqual([]);

    journalled = 0;
    jest.advanceTimersByTime(5000);

    expect(purged).toEqual([['a', 'b', 'c']]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('remembers nothing, and sets no timer, while Redis has every change', () => {
    journalled = 0;

    tags.add(['a']);

    expect(jest.getTimerCount()).toBe(0);
  });

  it('purges everything after too many tags', () => {
    tags.add(['a', 'b', 'c', 'd']);
    journalled = 0;

    jest.advanceTimersByTime(1000);

    expect(purged).toEqual([['!all']]);
  });
});
