import { deferred, turn } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';

const clock = new ManualClock();
let cache: InMemoryCache;
beforeEach(() => {
  cache = new InMemoryCache({ advanced: { clock }, name: 'counted', maxSize: 3 });
});
afterEach(() => cache.close());

describe('stats are exact', () => {
  it('begin with nothing', () => {
    expect(cache.stats()).toEqual({
      name: 'counted',
      hits: 0,
      misses: 0,
      sets: 0,
      deletes: 0,
      errors: 0,
      loads: 0,
      loadErrors: 0,
      notStored: 0,
      schemaMisses: 0,
      otherVersion: 0,
      notModified: 0,
      lagging: 0,
      coalesced: 0,
      staleHits: 0,
      refreshes: 0,
      evictions: 0,
      tooLarge: 0,
      corrupt: 0,
      hitRatio: 0,
      size: 0,
      bytes: 0,
      truth: {
        ...{ verified: 0, untrue: 0, rate: 1, interval: [0, 1], oldestMs: 0, inconclusive: 0, skipped: 0 },
        causes: { ttl: 0, tag: 0, key: 0, writer: 0 },
      },
      compression: { count: 0, bytesIn: 0, bytesOut: 0 },
      journal: { size: 0, bytes: 0, recorded: 0, replayed: 0, dropped: 0, expired: 0, superseded: 0 },
      l1: { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 },
      l2: { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 },
    });
  });

  it('count hits and misses by key', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    await cache.get('a');
    await cache.get('x');
    await cache.getMany(['a', 'b', 'x']);
    await cache.getOrSet('a', () => 1);
    await cache.getOrSet('c', () => 1);
    const stats = cache.stats();
    expect(stats).toMatchObject({ hits: 4, misses: 3, sets: 3, loads: 1, size: 3 });
    expect(stats.hitRatio).toBeCloseTo(4 / 7);
    expect(stats.l1).toEqual({ hits: 4, misses: 3, sets: 3, deletes: 0, errors: 0 });
    expect(stats.l2).toEqual({ hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 });
  });

  it('count an expired and an invalidated entry as a miss', async () => {
    await cache.set('a', 1, 1);
    await cache.set('b', 1, { tags: ['t'] });
    clock.advance(1000);
    await cache.invalidateTags('t');
    await cache.get('a');
    await cache.get('b');
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 2, size: 0 });
  });

  it('count deletes: one by one, as asked, and by invalidation, as found', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    await cache.delete('a');
    await cache.delete('a');
    await cache.invalidatePattern('b');
    await cache.clear();
    expect(cache.stats()).toMatchObject({ deletes: 4, size: 0 });
    expect(cache.stats().l1.deletes).toBe(3);
  });

  it('count loads, their failures and the callers that joined', async () => {
    await Promise.all([1, 2, 3].map(() => cache.getOrSet('a', () => turn().then(() => 1))));
    await cache.getOrSet('b', () => Promise.reject(new Error('down'))).catch(() => undefined);
    expect(cache.stats()).toMatchObject({
      loads: 2,
      loadErrors: 1,
      coalesced: 2,
      misses: 4,
      hits: 0,
      sets: 1,
    });
  });

  it('count a refused set as nothing', async () => {
    await cache.set('a', () => 1).catch(() => undefined);
    await cache.set('a', undefined).catch(() => undefined);
    await cache.set('', 1).catch(() => undefined);
    expect(cache.stats()).toMatchObject({ sets: 0, size: 0 });
  });

  it('count a value that an invalidation kept from being stored as no set', async () => {
    const loader = deferred<number>();
    const loaded = cache.getOrSet('a', () => loader.promise);
    await turn();
    await cache.delete('a');
    loader.resolve(1);
    await loaded;
    expect(cache.stats()).toMatchObject({ loads: 1, sets: 0, size: 0 });
  });

  it('are a copy: a change of it changes no counter', async () => {
    const stats = cache.stats();
    stats.hits = 100;
    stats.l1.hits = 100;
    stats.compression.count = 100;
    await cache.get('a');
    expect(cache.stats()).toMatchObject({ hits: 0, l1: { hits: 0 }, compression: { count: 0 } });
  });
});
