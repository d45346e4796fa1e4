import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { until } from '../support/until.js';
import { pause, within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => {
  unhandled.push(error);
};
beforeAll(() => {
  process.on('unhandledRejection', onUnhandled);
});
afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
});
afterEach(() => {
  expect(unhandled).toEqual([]);
});

describe('closing', () => {
  it('ends the wait for a lease', async () => {
    const [cache, other] = [await redis(), await redis({ onError: 'degrade' })];
    const started = deferred();
    const end = deferred<string>();
    const holder = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    const waiting = other.getOrSet('key', () => 'other', { lock: true });
    await pause(100);
    await other.close();
    const outcome = await within(1000, waiting);
    end.resolve('value');
    await holder;
    expect(outcome).not.toBe('still waiting');
  });
});

describe('leases', () => {
  it('a loader that runs longer than the lease keeps it: one run', async () => {
    const [cache, other] = [await redis({ leaseDuration: '200ms' }), await redis({ leaseDuration: '200ms' })];
    let runs = 0;
    const load = async (): Promise<string> => {
      runs++;
      await pause(1500);
      return 'value';
    };
    const both = await Promise.all([
      cache.getOrSet('key', load, { lock: true }),
      other.getOrSet('key', load, { lock: true }),
    ]);
    expect(both).toEqual(['value', 'value']);
    expect(runs).toBe(1);
  });

  it.each([
    ['delete', (c: RedisCache) => c.delete('key')],
    ['tags', (c: RedisCache) => c.invalidateTags('t')],
    ['pattern', (c: RedisCache) => c.invalidatePattern('k*')],
    ['clear', (c: RedisCache) => c.clear()],
  ] as const)(
    '%s while another instance waits for the lease: it never stores or serves the value from before after it',
    async (_, invalidate) => {
      const [cache, other, third] = [await redis(), await redis(), await redis()];
      const started = deferred();
      const end = deferred<string>();
      const held = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return end.promise;
        },
        { lock: true, tags: ['t'] },
      );
      await started.promise;
      const waiting = other.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await pause(50);
      await invalidate(third);
      await pause(50);
      const after = third.getOrSet('key', () => 'new', { lock: true, tags: ['t'] });
      await pause(50);
      end.resolve('from before');
      expect(await held).toBe('from before');
      expect(await within(3000, after)).toBe('new');
      expect(await within(3000, waiting)).toBe('new');
      await pause(50);
      // News of what the former holder stored may fence the load that came after it: then its value is stored nowhere.
      for (const c of [cache, other, third]) expect(['new', undefined]).toContain(await c.get('key'));
    },
  );

  it('a forced caller who joins while the lease is waited for gets a fresh load', async () => {
    const [cache, other] = [await redis(), await redis()];
    const started = deferred();
    const end = deferred<string>();
    const held = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    const waiting = other.getOrSet('key', () => 'new', { lock: true });
    await pause(50);
    const forced = other.getOrSet('key', () => 'new', { lock: true, forceRefresh: true });
    await pause(50);
    end.resolve('first');
    await held;
    expect(await within(3000, forced)).toBe('new');
    await waiting;
  });

  it('Redis hangs in mid-load: the caller gets its value', async () => {
    const cache = await redis({ onError: 'degrade', commandTimeout: '250ms', leaseDuration: '300ms' });
    const started = deferred();
    const end = deferred<string>();
    const held = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { lock: true },
    );
    await started.promise;
    await own.server.pause();
    await pause(600);
    end.resolve('value');
    expect(await within(3000, held)).toBe('value');
    expect(
      await within(
        3000,
        cache.getOrSet('other', () => 'x', { lock: true }),
      ),
    ).toBe('x');
    await own.server.resume();
  });
});

describe('refreshAhead across instances', () => {
  it('takes what another instance has refreshed already, without its loader', async () => {
    const options = { ttl: 2, refreshAhead: 0.3 };
    const [cache, other] = [await redis(), await redis({ enableL1Cache: false })];
    await cache.getOrSet('key', () => 'old', options);
    await pause(1000);
    // The news has not arrived, as it were: the L1 is kept by writing the same way it would be lost only later.
    let runs = 0;
    await other.getOrSet('key', () => 'new', { ...options, forceRefresh: true });
    await pause(30);
    await cache.getOrSet(
      'key',
      () => {
        runs++;
        return 'newest';
      },
      options,
    );
    expect(runs).toBe(0);
  });

  it('with l1Ttl: a hit long before the refresh is due refreshes nothing', async () => {
    const [cache, other] = [await redis({ l1Ttl: 5 }), await redis()];
    await other.set('key', 'value', { ttl: 600 });
    await cache.get('key');
    const before = cache.stats().refreshes;
    for (let i = 0; i < 5; i++) await cache.getOrSet('key', () => 'x', { ttl: 600, refreshAhead: 0.8 });
    expect(cache.stats().refreshes - before).toBe(0);
  });

  it('a refresh left to another instance that dies is tried again before the end of the ttl', async () => {
    const [cache, other] = [await redis({ leaseDuration: '300ms' }), await redis({ leaseDuration: '300ms' })];
    const options = { ttl: 4, refreshAhead: 0.2, lock: true };
    await cache.getOrSet('key', () => 'old', options);
    await other.get('key');
    await pause(1000);
    const started = deferred();
    void other.getOrSet(
      'key',
      () => {
        started.resolve();
        return new Promise<string>(() => undefined);
      },
      options,
    );
    await started.promise;
    await cache.getOrSet('key', () => 'new', options);
    await pause(50);
    await other.close();
    await pause(600);
    await cache.getOrSet('key', () => 'new', options);
    await until(async () => (await cache.get('key')) === 'new', 'the refresh', 1500);
  });
});

describe('expire', () => {
  it('by another instance, of a cold key that is being loaded', async () => {
    const [cache, other] = [await redis(), await redis()];
    const started = deferred();
    const end = deferred<string>();
    const loaded = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { ttl: 60, grace: 60 },
    );
    await started.promise;
    await other.expire('key');
    await pause(30);
    end.resolve('from before');
    await loaded;
    expect(await cache.get('key')).toBeUndefined();
  });

  it('by another instance, of a key past its ttl that is being loaded', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'stale', { ttl: '50ms', grace: 60 });
    await pause(80);
    const started = deferred();
    const end = deferred<string>();
    const loaded = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { ttl: 60, grace: 60 },
    );
    await started.promise;
    await other.expire('key');
    await pause(30);
    end.resolve('from before');
    await loaded;
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('tiers l1', () => {
  it('tags by another instance, of an entry set with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'value', { tiers: 'l1', tags: ['t'] });
    await other.invalidateTags('t');
    await pause(100);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('tags by another instance, of an entry loaded with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.getOrSet('key', () => 'value', { tiers: 'l1', tags: ['t'] });
    await other.invalidateTags('t');
    await pause(100);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('tags by another instance, while it is loaded with tiers l1', async () => {
    const [cache, other] = [await redis(), await redis()];
    const started = deferred();
    const end = deferred<string>();
    const loaded = cache.getOrSet(
      'key',
      () => {
        started.resolve();
        return end.promise;
      },
      { tiers: 'l1', tags: ['t'] },
    );
    await started.promise;
    await other.invalidateTags('t');
    await pause(100);
    end.resolve('from before');
    await loaded;
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('odd keys in Redis', () => {
  const long = 'ü'.repeat(2000);
  const odd = [
    '*',
    '?',
    '\\',
    '[a]',
    'users/x',
    '\0users\0x',
    'a:b',
    '!tags',
    '!f:{x}',
    '{}',
    '}',
    '{a}',
    'é\u0301',
    '😀',
    '\ud83d',
    ' ',
    long,
    `${long}2`,
    '~sha256:x',
  ];
  it.each(['tracking', 'none'] as const)(
    'keep apart in namespaces, by clear and tags; coherence %s',
    async (coherence) => {
      const cache = await redis({ coherence, l1CacheSize: 1000 });
      const fresh = await redis({ enableL1Cache: false });
      const names = (c: RedisCache) => {
        const users = c.namespace('users');
        return [
          c,
          users,
          c.namespace('usersAbc'),
          users.namespace('x'),
          c.namespace('users/x'),
          c.namespace('!f'),
        ];
      };
      for (const [n, at] of names(cache).entries()) {
        for (const key of odd) {
          if (n % 2) await at.set(key, `${String(n)} ${key}`, { tags: [key] });
          else await at.getOrSet(key, () => `${String(n)} ${key}`, { tags: [key], lock: true });
        }
      }
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries())
          for (const key of odd) expect(await at.get(key)).toBe(`${String(n)} ${key}`);
      await cache.namespace('users').invalidateTags(long);
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries()) expect(await at.has(long)).toBe(n !== 1 && n !== 3);
      await cache.namespace('users').clear();
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries())
          for (const key of odd) if (key !== long) expect(await at.has(key)).toBe(n !== 1 && n !== 3);
      await cache.clear();
      for (const c of [cache, fresh])
        for (const at of names(c)) for (const key of odd) expect(await at.has(key)).toBe(false);
    },
  );
});

describe('10,000 callers', () => {
  it.each([false, true])('one run; a failure is told to all; nothing unhandled; lock %s', async (lock) => {
    const cache = await redis();
    let runs = 0;
    const fail = async (): Promise<string> => {
      runs++;
      await pause(50);
      throw new Error('down');
    };
    const calls = Array.from({ length: 10_000 }, (_, i) =>
      cache.getOrSet(
        'key',
        fail,
        i % 3 ? { lock } : { lock, hardTimeout: '10s', signal: new AbortController().signal },
      ),
    );
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(runs).toBe(1);
  });
});

describe('a delete that fails while something newer is set', () => {
  it('does not take the newer value away when it is made up for', async () => {
    const cache = await redis({ onError: 'degrade', commandTimeout: '250ms', breakerThreshold: 100 });
    await cache.set('key', 'oldest', 60);
    await own.server.pause();
    const deleted = cache.delete('key');
    await pause(150);
    const set = cache.set('key', 'newer', 60);
    await deleted;
    await own.server.resume();
    await set;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await pause(100);
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBe('newer');
  });
});

describe('memory over many keys', () => {
  it('leaves nothing under way, and no more aliases than the L1 needs', async () => {
    const cache = await redis({ l1CacheSize: 50 });
    for (let i = 0; i < 200; i++) {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => {
          const key = `${'long '.repeat(n % 2 ? 300 : 1)}${String(i)}-${String(n)}`;
          if (n % 5 === 0) return cache.getOrSet(key, () => Promise.reject(new Error('x'))).catch(() => 0);
          return cache.getOrSet(key, () => n, { lock: n % 3 === 0, tags: [`t${String(i)}`] });
        }),
      );
    }
    expect(cache.stats().size).toBe(50);
    expect((await own.raw.keys(`${own.keyPrefix}:!f*`)).length).toBeLessThanOrEqual(10_001);
  });
});

describe('a caller with hardTimeout, alone', () => {
  it('aborts the loader when it leaves, and nothing is stored', async () => {
    const cache = await redis();
    const end = deferred<string>();
    await expect(cache.getOrSet('key', () => end.promise, { hardTimeout: '50ms' })).rejects.toThrow(
      'hardTimeout',
    );
    end.resolve('slow');
    await pause(50);
    expect(await cache.get('key')).toBeUndefined();
  });
});
