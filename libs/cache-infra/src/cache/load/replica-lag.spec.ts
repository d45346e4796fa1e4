import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { Cache } from '../contract/cache.js';
import type { LoadContext } from '../contract/options.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ replicaLag: '500ms', advanced: { clock } });
});
afterEach(() => cache.close());

const options = { ttl: 60, tags: ['tag'] };
/** A load of a row that a replica still has as it was. */
const load = (from: Cache = cache): Promise<unknown> => from.getOrSet('key', () => 'row', options);

const ways: [string, (of: Cache) => Promise<unknown>][] = [
  ['delete', (of) => of.delete('key')],
  ['deleteMany', (of) => of.deleteMany(['other', 'key'])],
  ['markStale', (of) => of.markStale('key')],
  ['invalidateTags', (of) => of.invalidateTags('tag')],
  ['expireTags', (of) => of.expireTags('tag')],
  ['invalidatePattern', (of) => of.invalidatePattern('k*')],
  ['clear', (of) => of.clear()],
];

describe('replicaLag', () => {
  it.each(ways)('after %s, a load within the lag is served and not stored', async (_, invalidate) => {
    await load();
    await invalidate(cache);
    clock.advance(500);
    expect(await load()).toBe('row');
    expect(await cache.get('key')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ loads: 2, lagging: 1, sets: 1 });
    clock.advance(1);
    await load();
    expect(await cache.get('key')).toBe('row');
  });

  it('leaves loads of other keys, tags and patterns', async () => {
    await cache.deleteMany(['other']);
    await cache.invalidateTags('other');
    await cache.invalidatePattern('other*');
    await cache.namespace('users').clear();
    await load();
    expect(await cache.get('key')).toBe('row');
  });

  it('counts tags that the loader names', async () => {
    await cache.invalidateTags('late');
    await cache.getOrSet('key', ({ tags }) => {
      tags('late');
      return 'row';
    });
    expect(await cache.get('key')).toBeUndefined();
  });

  it('counts for a load that ends after the lag: it began within it', async () => {
    await cache.delete('key');
    await cache.getOrSet('key', () => {
      clock.advance(10_000);
      return 'row';
    });
    expect(await cache.get('key')).toBeUndefined();
  });

  it('a tag that is too long is no failure of the load', async () => {
    const loader = ({ tags }: LoadContext): string => {
      tags('x'.repeat(40_000));
      return 'row';
    };
    expect(await cache.getOrSet('key', loader)).toBe('row');
    expect(cache.stats()).toMatchObject({ notStored: 1, lagging: 0 });
  });

  it('leaves values that are set: they come from the writer', async () => {
    await cache.delete('key');
    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
  });

  it('holds for each key of getOrSetMany', async () => {
    await cache.delete('a');
    await cache.getOrSetMany(['a', 'b'], (missing) => missing.map(() => 'row'));
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 'row']]));
  });

  it('after more removals than it tells apart, counts every key as removed', async () => {
    await cache.deleteMany(Array.from({ length: 10_001 }, (_, i) => `other:${i}`));
    await load();
    expect(cache.stats().lagging).toBe(1);
    clock.advance(501);
    await load();
    expect(await cache.get('key')).toBe('row');
  });

  it('after more patterns than it tells apart, counts every key as removed', async () => {
    for (let i = 0; i <= 100; i++) await cache.invalidatePattern(`other:${i}*`);
    await load();
    expect(cache.stats().lagging).toBe(1);
  });

  it('by default there is none', async () => {
    const plain = new InMemoryCache();
    await plain.delete('key');
    await load(plain);
    expect(await plain.get('key')).toBe('row');
    await plain.close();
  });
});
