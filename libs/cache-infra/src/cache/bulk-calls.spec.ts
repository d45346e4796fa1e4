import { InMemoryCache } from './in-memory-cache.js';

describe('setMany in memory', () => {
  it('a set that is called during it wins, though the bulk call reaches its key later', async () => {
    const cache = new InMemoryCache({ maxSize: 60_000 });
    const entries = Array.from({ length: 50_000 }, (_, i) => [`key:${String(i)}`, 'bulk'] as const);
    const bulk = cache.setMany(entries);
    await cache.set('key:49999', 'later');
    await bulk;
    expect(await cache.get('key:49999')).toBe('later');
    expect(await cache.get('key:49998')).toBe('bulk');
    await cache.close();
  });
});
