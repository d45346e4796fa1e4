import { Ghosts, hashOf } from './ghosts.js';

describe('ghosts', () => {
  it.each([1, 2, 3, 8])('are the latest %d keys, each taken once', (capacity) => {
    const ghosts = new Ghosts(capacity);
    const keys = Array.from({ length: 20 }, (_, i) => `key:${String(i)}`);
    for (const key of keys) ghosts.add(hashOf(key));
    const latest = keys.slice(-capacity);
    expect(keys.filter((key) => ghosts.take(hashOf(key)))).toEqual(latest);
    expect(keys.filter((key) => ghosts.take(hashOf(key)))).toEqual([]);
  });

  it('are taken in any order, and leave room for others', () => {
    const ghosts = new Ghosts(3);
    for (const key of 'abc') ghosts.add(hashOf(key));
    expect(ghosts.take(hashOf('b'))).toBe(true);
    ghosts.add(hashOf('d'));
    expect([...'abcd'].filter((key) => ghosts.take(hashOf(key))).join('')).toBe('acd');
  });

  it.each([9, 100, 1000])('are %d at most, and most of the latest ones', (capacity) => {
    const ghosts = new Ghosts(capacity);
    const keys = Array.from({ length: 3 * capacity }, (_, i) => `key:${String(i)}`);
    for (const key of keys) ghosts.add(hashOf(key));
    const found = keys.filter((key) => ghosts.take(hashOf(key)));
    expect(found.length).toBeLessThanOrEqual(capacity);
    expect(found.filter((key) => keys.indexOf(key) >= 2 * capacity).length).toBeGreaterThan(0.7 * capacity);
  });

  it('are gone after clear', () => {
    const ghosts = new Ghosts(10);
    ghosts.add(hashOf('a'));
    ghosts.clear();
    expect(ghosts.take(hashOf('a'))).toBe(false);
    ghosts.add(hashOf('b'));
    expect(ghosts.take(hashOf('b'))).toBe(true);
  });
});
