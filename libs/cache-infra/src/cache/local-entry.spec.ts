import { InMemoryCache } from './in-memory-cache.js';
import { localEntry } from './local-entry.js';

describe('a look into the L1 of this process', () => {
  const cache = new InMemoryCache();

  it('finds a fresh entry: its value and the seconds left', async () => {
    await cache.namespace('eu').set('fresh', { name: 'Ada' }, { ttl: 60 });
    const entry = await localEntry(cache, ['eu'], 'fresh');
    expect(entry).toEqual({ held: true, fresh: true, left: 60, value: { name: 'Ada' } });
  });

  it('finds an entry that never expires', async () => {
    await cache.set('for ever', 1, { ttl: 0 });
    expect(await localEntry(cache, [], 'for ever')).toMatchObject({ fresh: true, left: Infinity });
  });

  it('finds a stale entry within its grace', async () => {
    await cache.set('stale', 1, { grace: 60, tags: ['tag'] });
    await cache.expire('stale');
    expect(await localEntry(cache, [], 'stale')).toEqual({ held: true, fresh: false, left: 0, value: 1 });
  });

  it('finds nothing under another key or in another namespace, and changes no counter', async () => {
    const before = cache.stats();
    expect(await localEntry(cache, [], 'fresh')).toEqual({ held: false });
    expect(await localEntry(cache, ['us'], 'fresh')).toEqual({ held: false });
    expect(cache.stats()).toEqual(before);
  });
});
