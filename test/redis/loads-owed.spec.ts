import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { until } from '../support/until.js';
import { pause, within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis } = own;

describe('a load with a lease that nobody waits for any more', () => {
  const never = (): Promise<string> => new Promise(() => undefined);

  it('gives the lease back when its last caller has left, though its loader hangs', async () => {
    const [cache, other] = [await redis({ leaseDuration: '300ms' }), await redis({ leaseDuration: '300ms' })];
    const leaving = new AbortController();
    const left = cache.getOrSet('key', never, { lock: true, signal: leaving.signal });
    left.catch(() => undefined);
    await until(async () => (await own.raw.keys(`${own.keyPrefix}:!f*`)).length > 0);
    await pause(50);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect(
      await within(
        2000,
        other.getOrSet('key', () => 'loaded', { lock: true }),
      ),
    ).toBe('loaded');
  });

  it('lets whoever comes next in the same process load at once', async () => {
    const cache = await redis();
    const leaving = new AbortController();
    const started = deferred();
    const left = cache.getOrSet(
      'key',
      ({ signal }) =>
        new Promise<string>((_, reject) => {
          started.resolve();
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
      { lock: true, signal: leaving.signal },
    );
    left.catch(() => undefined);
    await started.promise;
    leaving.abort(new Error('left'));
    expect(
      await within(
        2000,
        cache.getOrSet('key', () => 'loaded', { lock: true }),
      ),
    ).toBe('loaded');
  });

  it('after an invalidation of tags whoever comes next does not wait for the load from before (same process)', async () => {
    const cache = await redis();
    const end = deferred<string>();
    const started = deferred();
    const before = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true, tags: ['t'] },
    );
    await started.promise;
    await cache.invalidateTags('t');
    const after = cache.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
    await pause(50);
    end.resolve('from before');
    expect(await before).toBe('from before');
    expect(await within(2000, after)).toBe('new');
  });

  it('after a set during a load with a lease, forceRefresh does not wait for the load from before', async () => {
    const cache = await redis();
    const end = deferred<string>();
    const started = deferred();
    const before = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    await cache.set('key', 'set');
    const after = cache.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    await pause(50);
    end.resolve('from before');
    expect(await before).toBe('from before');
    expect(await within(2000, after)).toBe('new');
  });
});

describe('entries without tags in a cache that has a tag table', () => {
  it.each([
    ['grace', { grace: 60 }],
    ['l1Ttl', { l1Ttl: 30 }],
    ['nothing special', {}],
  ])('are L1 hits once read from Redis: %s', async (_, options) => {
    const [cache, other] = [await redis(options), await redis(options)];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await cache.get('tagged');
    await other.set('key', 'value', { ttl: 60 });
    await cache.get('key');
    await cache.get('key');
    const before = cache.stats().l2.hits;
    for (let i = 0; i < 5; i++) expect(await cache.get('key')).toBe('value');
    expect(cache.stats().l2.hits - before).toBe(0);
  });

  it('have their grace, when read from Redis', async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.set('tagged', 1, { tags: ['t'] });
    await other.invalidateTags('t');
    await other.set('tagged', 1, { tags: ['t'] });
    await cache.get('tagged');
    await other.set('key', 'stale', { ttl: '50ms', grace: 60 });
    await pause(80);
    const loaded = cache.getOrSet('key', () => Promise.reject(new Error('down')), { grace: 60 });
    await expect(loaded).resolves.toBe('stale');
  });
});

describe('grace, and an invalidation of tags by another instance', () => {
  it.each(['tracking', 'none'] as const)(
    'while the loader runs: its failure reaches the caller; coherence %s',
    async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      await cache.set('key', 'stale', { ttl: '50ms', grace: 60, tags: ['t'] });
      await pause(80);
      const end = deferred<string>();
      const started = deferred();
      const loaded = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return end.promise;
        },
        { ttl: 60, grace: 60, tags: ['t'] },
      );
      await started.promise;
      await other.invalidateTags('t');
      await pause(50);
      end.reject(new Error('down'));
      await expect(loaded).rejects.toThrow('down');
    },
  );

  it.each(['tracking', 'none'] as const)(
    'before softTimeout: the stale value is not served; coherence %s',
    async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      await cache.set('key', 'stale', { ttl: '50ms', grace: 60, tags: ['t'] });
      await pause(80);
      const end = deferred<string>();
      const started = deferred();
      const loaded = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return end.promise;
        },
        { ttl: 60, grace: 60, tags: ['t'], softTimeout: '300ms' },
      );
      await started.promise;
      await other.invalidateTags('t');
      await pause(400);
      end.resolve('new');
      expect(await loaded).toBe('new');
    },
  );
});

describe('tiers', () => {
  it("getOrSet with tiers 'l2' leaves no older value in the L1", async () => {
    const cache = await redis();
    await cache.set('key', 'old');
    expect(await cache.getOrSet('key', () => 'new', { tiers: 'l2', forceRefresh: true })).toBe('new');
    await pause(50);
    expect(await cache.get('key')).toBe('new');
  });

  it("getOrSet with tiers 'l2' puts nothing into the L1", async () => {
    const cache = await redis();
    await cache.getOrSet('key', () => 'value', { tiers: 'l2' });
    await cache.getOrSet('key', () => 'value', { tiers: 'l2' });
    expect(cache.stats().size).toBe(0);
  });

  it('ttl tells how long the entry lives, not how long the L1 keeps it', async () => {
    const cache = await redis();
    await cache.set('key', 'value', { ttl: 600, l1Ttl: 5 });
    expect(await cache.ttl('key')).toBe(600);
  });
});

describe('forceRefresh', () => {
  it('readers keep the old value while it runs, also without an L1', async () => {
    const cache = await redis({ enableL1Cache: false });
    await cache.set('key', 'old');
    const end = deferred<string>();
    const started = deferred();
    const forced = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { forceRefresh: true },
    );
    await started.promise;
    const reader = cache.getOrSet('key', () => 'not run');
    expect(await within(1000, reader)).toBe('old');
    end.resolve('new');
    await forced;
    await reader;
  });
});

describe('a newer set that does not live long', () => {
  it.each([
    ['L2 only', { enableL1Cache: false }],
    ['coherence none', { coherence: 'none' }],
    ['tracking', {}],
  ] as const)(
    'by another instance: the older loaded value is not stored after it; %s',
    async (_, options) => {
      const [cache, other] = [await redis(options), await redis(options)];
      const end = deferred<string>();
      const started = deferred();
      const loaded = cache.getOrSet('key', () => {
        started.resolve();
        return end.promise;
      });
      await started.promise;
      await other.set('key', 'newer', { ttl: '50ms' });
      await pause(100);
      end.resolve('from before');
      expect(await loaded).toBe('from before');
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
    },
  );
});

describe('invalidatePattern and keys that are digested in Redis', () => {
  it.each([
    ['a}b', 'a}*'],
    ['a}b', 'a}b'],
    [`{"q":"${'x'.repeat(2000)}"}`, '{"q"*'],
    [`${'x'.repeat(2000)}-end`, '*-end'],
    [`${'x'.repeat(2000)}-end`, `${'x'.repeat(200)}*`],
    ['\ud800 lone', '\ud800*'],
  ])('key %# of this table', async (key, glob) => {
    const cache = await redis();
    await cache.set(key, 'old');
    await cache.invalidatePattern(glob);
    expect(await cache.get(key)).toBeUndefined();
  });
});

describe('digested keys and the L1', () => {
  it('a change elsewhere reaches every one of them, however many are read at once', async () => {
    const [cache, other] = [await redis({ l1CacheSize: 100 }), await redis({ l1CacheSize: 100 })];
    const keys = Array.from({ length: 350 }, (_, i) => `${'long '.repeat(300)}${String(i)}`);
    await other.setMany(keys.map((key) => [key, 'old'] as const));
    await cache.getMany(keys);
    await other.deleteMany(keys);
    await pause(300);
    const stale: number[] = [];
    for (const [i, key] of keys.entries()) if ((await cache.get(key)) !== undefined) stale.push(i);
    expect(stale).toEqual([]);
  });
});

describe('a write that fails while something newer happens to its key', () => {
  const impatient = { onError: 'degrade', commandTimeout: '250ms', breakerThreshold: 100 } as const;

  it.each(['delete', 'set'] as const)('%s: the older write is not made up for', async (newer) => {
    const cache = await redis(impatient);
    await own.server.pause();
    const older = cache.set('key', 'older', 60);
    await pause(150);
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer', 60);
    await older;
    await own.server.resume();
    await later;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await pause(100);
    const reader = await redis({ enableL1Cache: false });
    expect(await reader.get('key')).toBe(newer === 'delete' ? undefined : 'newer');
  });

  it('a newer set by another instance is not overwritten', async () => {
    const cache = await redis(impatient);
    const other = await redis();
    await own.server.pause();
    const older = cache.set('key', 'older', 60);
    await pause(100);
    const later = other.set('key', 'newer', 60);
    await older;
    await own.server.resume();
    await later;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await pause(100);
    const reader = await redis({ enableL1Cache: false });
    expect(await reader.get('key')).toBe('newer');
  });
});

describe('a server that has forgotten its scripts', () => {
  it.each(['delete', 'set'] as const)('a %s right after a set wins', async (newer) => {
    const cache = await redis();
    await own.raw.script('FLUSH');
    const set = cache.set('key', 'older');
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer');
    await Promise.all([set, later]);
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(
      newer === 'delete' ? undefined : 'newer',
    );
  });

  it.each(['delete', 'set'] as const)('a %s after a set that is on its way wins', async (newer) => {
    const cache = await redis();
    await own.raw.script('FLUSH');
    // The set has left by its digest, and is answered that nobody knows it only after what came later was sent.
    await own.server.pause();
    const set = cache.set('key', 'older');
    await pause(50);
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer');
    await pause(50);
    await own.server.resume();
    await Promise.all([set, later]);
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBe(
      newer === 'delete' ? undefined : 'newer',
    );
  });
});

describe('who joins after an invalidation of tags elsewhere', () => {
  it('gets no older value, when the loader names them later', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('x', 1, { tags: ['t'] });
    await cache.get('x');
    const end = deferred<string>();
    const started = deferred();
    const first = cache.getOrSet('key', ({ tags }) => {
      started.resolve();
      return end.promise.then((value) => {
        tags('t');
        return value;
      });
    });
    await started.promise;
    await other.invalidateTags('t');
    await pause(100);
    const second = cache.getOrSet('key', ({ tags }) => {
      tags('t');
      return 'new';
    });
    await pause(20);
    end.resolve('from before');
    expect(await first).toBe('from before');
    expect(await second).toBe('new');
  });
});
