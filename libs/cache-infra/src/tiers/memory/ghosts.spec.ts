import { Ghosts } from './ghosts.js';

describe('ghosts', () => {
  it.each([1, 2, 3, 8])('are the latest %d keys, each taken once', (capacity) => {
    const ghosts = new Ghosts(capacity);
    const keys = Array.from({ length: 20 }, (_, i) => `key:${String(i)}`);
    for (const key of keys) ghosts.add(key);
    const latest = keys.slice(-capacity);
    expect(keys.filter((key) => ghosts.take(key))).toEqual(latest);
    expect(keys.filter((key) => ghosts.take(key))).toEqual([]);
  });

  it('are taken in any order, and leave room for others', () => {
    const ghosts = new Ghosts(3);
    for (const key of 'abc') ghosts.add(key);
    expect(ghosts.take('b')).toBe(true);
    ghosts.add('d');
    expect([...'abcd'].filter((key) => ghosts.take(key)).join('')).toBe('acd');
  });

  it.each([9, 100, 1000])('are %d at most, and most of the latest ones', (capacity) => {
    const ghosts = new Ghosts(capacity);
    const keys = Array.from({ length: 3 * capacity }, (_, i) => `key:${String(i)}`);
    for (const key of keys) ghosts.add(key);
    const found = keys.filter((key) => ghosts.take(key));
    expect(found.length).toBeLessThanOrEqual(capacity);
    expect(found.filter((key) => keys.indexOf(key) >= 2 * capacity).length).toBeGreaterThan(0.7 * capacity);
  });

  it('are gone after clear', () => {
    const ghosts = new Ghosts(10);
    ghosts.add('a');
    ghosts.clear();
    expect(ghosts.take('a')).toBe(false);
    ghosts.add('b');
    expect(ghosts.take('b')).toBe(true);
  });
});
