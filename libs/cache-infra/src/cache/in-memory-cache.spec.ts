import { setImmediate as immediately } from 'node:timers/promises';
import { inspect } from 'node:util';

import { ManualClock } from '../../../../test/support/manual-clock.js';
import { CacheClosedError, CacheError, SerializationError, ValidationError } from '../base/errors.js';
import { Cache } from './contract/cache.js';
import type { InMemoryCacheOptions } from './contract/cache-options.js';
import { deferInvalidations } from './deferred-invalidations.js';
import { InMemoryCache } from './in-memory-cache.js';

const clock = new ManualClock();
const open: Cache[] = [];

function memory(options: InMemoryCacheOptions = {}): InMemoryCache {
  const cache = new InMemoryCache({ advanced: { clock }, ...options });
  open.push(cache);
  return cache;
}

afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
});

describe('InMemoryCache: options', () => {
  it('has the defaults of the contract', () => {
    const cache = memory();
    expect(cache).toBeInstanceOf(Cache);
    expect(cache).toMatchObject({ name: 'default', defaultTtl: 3600, maxSize: 1000 });
  });

  it('seed S2.14 takes maxSize 100 and defaultTtl 3600', () => {
    expect(memory({ maxSize: 100, defaultTtl: 3600 })).toMatchObject({ maxSize: 100, defaultTtl: 3600 });
  });

  it('reports every bad option at once', () => {
    const options = { maxSize: 0, defaultTtl: -1, isolation: 'none' } as unknown as InMemoryCacheOptions;
    expect(() => new InMemoryCache(options)).toThrow(ValidationError);
    expect(() => new InMemoryCache(options)).toThrow(/maxSize[^;]*;|defaultTtl/);
    try {
      new InMemoryCache(options);
    } catch (error) {
      expect((error as ValidationError).problems.map(({ path }) => path).sort()).toEqual([
        'defaultTtl',
        'isolation',
        'maxSize',
      ]);
    }
  });
});

describe('seed S3.35 set, get, delete', () => {
  it('returns the value that was set', async () => {
    const cache = memory();
    await cache.set('user:1', { name: 'Ada' });
    expect(await cache.get('user:1')).toEqual({ name: 'Ada' });
  });

  it('answers undefined for a key that is not there', async () => {
    expect(await memory().get('nothing')).toBeUndefined();
  });

  it('replaces a value', async () => {
    const cache = memory();
    await cache.set('a', 1);
    await cache.set('a', 2);
    expect(await cache.get('a')).toBe(2);
    expect(cache.stats().size).toBe(1);
  });

  it('deletes, and returns whether the key existed', async () => {
    const cache = memory();
    await cache.set('a', 1);
    expect(await cache.delete('a')).toBe(true);
    expect(await cache.delete('a')).toBe(false);
    expect(await cache.get('a')).toBeUndefined();
  });

  it('deletes many, and counts those that were there, each once', async () => {
    const cache = memory();
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(await cache.deleteMany(['a', 'b', 'b', 'x'])).toBe(2);
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['c']);
  });

  it('an expired entry is not there to delete', async () => {
    const cache = memory();
    await cache.set('a', 1, 1);
    clock.advance(1000);
    expect(await cache.delete('a')).toBe(false);
  });
});

describe('getMany and setMany', () => {
  it('gives the hits only, in the order of the keys', async () => {
    const cache = memory();
    await cache.setMany(
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]),
    );
    expect([...(await cache.getMany(['c', 'x', 'a', 'c']))]).toEqual([
      ['c', 3],
      ['a', 1],
    ]);
  });

  it('nothing asked, nothing given', async () => {
    const cache = memory();
    await cache.setMany([]);
    expect((await cache.getMany([])).size).toBe(0);
    expect(await cache.deleteMany([])).toBe(0);
  });

  it('takes a generator, and the last of equal keys wins', async () => {
    const cache = memory();
    function* entries(): Generator<[string, number]> {
      yield ['a', 1];
      yield ['b', 2];
      yield ['a', 3];
    }
    await cache.setMany(entries(), { ttl: 5 });
    expect([...(await cache.getMany(['a', 'b']))]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(await cache.ttl('b')).toBe(5);
  });

  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('c', { self: () => 1 })],
    ['set with options', (cache) => cache.set('c', { self: () => 1 }, { tags: ['t'] })],
    ['setMany', (cache) => cache.setMany([['c', { self: () => 1 }]])],
    ['setMany with options', (cache) => cache.setMany([['c', { self: () => 1 }]], { tags: ['t'] })],
    ['deferInvalidations', (cache) => deferInvalidations(() => cache.set('c', { self: () => 1 }))],
  ])('%s names the key of a value that cannot be stored', async (_, store) => {
    await using cache = new InMemoryCache();
    await expect(store(cache)).rejects.toThrow('function cannot be stored (at $.self); key "c"');
  });

  it('stores none when one cannot be stored', async () => {
    const cache = memory();
    const entries: [string, unknown][] = [
      ['a', 1],
      ['b', () => 1],
    ];
    await expect(cache.setMany(entries)).rejects.toThrow(SerializationError);
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('has and ttl', () => {
  it('has: true while there, false after', async () => {
    const cache = memory();
    await cache.set('a', null, 10);
    expect(await cache.has('a')).toBe(true);
    clock.advance(10_000);
    expect(await cache.has('a')).toBe(false);
  });

  it('ttl: whole seconds left, rounded up; undefined when absent', async () => {
    const cache = memory();
    await cache.set('a', 1, 10);
    expect(await cache.ttl('a')).toBe(10);
    clock.advance(1);
    expect(await cache.ttl('a')).toBe(10);
    clock.advance(9998);
    expect(await cache.ttl('a')).toBe(1);
    clock.advance(1);
    expect(await cache.ttl('a')).toBeUndefined();
    expect(await cache.ttl('b')).toBeUndefined();
  });

  it('neither counts as a hit or a miss', async () => {
    const cache = memory();
    await cache.set('a', 1);
    await cache.has('a');
    await cache.has('b');
    await cache.ttl('a');
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 0 });
  });
});

describe('ttl', () => {
  it('seed S3.36 ttl 1: present, then gone', async () => {
    const cache = memory();
    await cache.set('a', 'here', { ttl: 1 });
    clock.advance(999);
    expect(await cache.get('a')).toBe('here');
    clock.advance(1);
    expect(await cache.get('a')).toBeUndefined();
  });

  it.each([
    [30, 30_000],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    ['365d', 31_536_000_000],
  ] as const)('pitfall (nest #10876) the unit is seconds, or said: %p lives %p ms', async (ttl, ms) => {
    const cache = memory();
    await cache.set('a', 1, ttl);
    await cache.getOrSet('b', () => 1, { ttl });
    clock.advance(ms - 1);
    expect([...(await cache.getMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
    clock.advance(1);
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
  });

  it.each([
    [30, 30],
    ['250ms', 0.25],
    ['5m', 300],
    [0, 0],
  ] as const)('defaultTtl %p: the property says %p seconds', async (defaultTtl, seconds) => {
    const cache = memory({ defaultTtl });
    expect(cache.defaultTtl).toBe(seconds);
    await cache.set('a', 1);
    clock.advance(seconds === 0 ? 400 * 86_400_000 : seconds * 1000 - 1);
    expect(await cache.get('a')).toBe(1);
    clock.advance(1);
    expect(await cache.get('a')).toBe(seconds === 0 ? 1 : undefined);
  });

  it('pitfall (nest #10876) more than 24.8 days overflows nothing', async () => {
    const cache = memory();
    await cache.set('a', 1, '30d');
    clock.advance(30 * 86_400_000 - 1);
    expect(await cache.get('a')).toBe(1);
    expect(await cache.ttl('a')).toBe(1);
  });

  it.each([0, '0ms', '0s', '0d'] as const)('0 = never: %p', async (ttl) => {
    const cache = memory();
    await cache.set('a', 1, ttl);
    clock.advance(400 * 86_400_000);
    expect(await cache.get('a')).toBe(1);
    expect(await cache.ttl('a')).toBe(Infinity);
  });

  it('pitfall (others) 0 means never in defaultTtl too', async () => {
    const cache = memory({ defaultTtl: 0 });
    await cache.set('a', 1);
    await cache.getOrSet('b', () => 1);
    expect([await cache.ttl('a'), await cache.ttl('b')]).toEqual([Infinity, Infinity]);
  });

  it('defaultTtl applies to a set without a ttl', async () => {
    const cache = memory({ defaultTtl: 60 });
    await cache.set('a', 1);
    await cache.set('b', 1, {});
    await cache.set('c', 1, { ttl: undefined });
    expect([await cache.ttl('a'), await cache.ttl('b'), await cache.ttl('c')]).toEqual([60, 60, 60]);
  });

  it.each([-1, -0.5, 1.5, NaN, Infinity, '-1s', '5', 'soon', '', '1y', '366d', 366 * 86_400, '1e3s', true])(
    'refuses %p',
    async (ttl) => {
      const cache = memory();
      await expect(cache.set('a', 1, { ttl: ttl as number })).rejects.toThrow(ValidationError);
      await expect(cache.getOrSet('a', () => 1, { ttl: ttl as number })).rejects.toThrow(/^ttl must/);
      expect(await cache.has('a')).toBe(false);
    },
  );

  it('a duration too short to count is not "never"', async () => {
    const cache = memory();
    await cache.set('a', 1, '0.4ms').catch(() => undefined);
    clock.advance(1000);
    expect(await cache.get('a')).toBeUndefined();
  });

  it('a new value starts a new life', async () => {
    const cache = memory();
    await cache.set('a', 1, 10);
    clock.advance(9000);
    await cache.set('a', 2, 10);
    clock.advance(9000);
    expect(await cache.get('a')).toBe(2);
  });

  it('reading does not prolong life', async () => {
    const cache = memory();
    await cache.set('a', 1, 10);
    for (let i = 0; i < 9; i++) {
      clock.advance(1000);
      await cache.get('a');
    }
    clock.advance(1000);
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('values', () => {
  it.each([null, false, 0, '', NaN, -0, 0n])(
    'pitfall (nest #4997, #10225) %p is a hit, not a miss',
    async (value) => {
      const cache = memory();
      await cache.set('a', value);
      let loads = 0;
      const load = (): unknown => ++loads;
      expect(Object.is(await cache.get('a'), value)).toBe(true);
      expect(Object.is(await cache.getOrSet('a', load), value)).toBe(true);
      expect(Object.is((await cache.getMany(['a'])).get('a'), value)).toBe(true);
      expect(await cache.has('a')).toBe(true);
      expect(loads).toBe(0);
      expect(cache.stats()).toMatchObject({ hits: 3, misses: 0 });
    },
  );

  it.each([null, false, 0, '', NaN])('pitfall (nest #4997, #10225) a loaded %p is stored', async (value) => {
    const cache = memory();
    let loads = 0;
    const load = (): unknown => {
      loads++;
      return value;
    };
    await cache.getOrSet('a', load);
    expect(Object.is(await cache.getOrSet('a', load), value)).toBe(true);
    expect(loads).toBe(1);
  });

  it('undefined cannot be set', async () => {
    const cache = memory();
    await expect(cache.set('a', undefined)).rejects.toThrow(ValidationError);
    await expect(cache.setMany([['a', undefined]])).rejects.toThrow(/"a" is undefined/);
    expect(await cache.has('a')).toBe(false);
  });

  it('undefined from a loader is returned and stored nowhere', async () => {
    const cache = memory();
    let loads = 0;
    const load = (): undefined => {
      loads++;
      return undefined;
    };
    expect(await cache.getOrSet('a', load)).toBeUndefined();
    expect(await cache.getOrSet('a', load)).toBeUndefined();
    expect(loads).toBe(2);
    expect(cache.stats()).toMatchObject({ size: 0, sets: 0 });
  });

  it('seed S10.135 a circular value is refused with a TypeError that says where', async () => {
    const cache = memory();
    const value: Record<string, unknown> = { list: [1] };
    (value['list'] as unknown[]).push({ back: value });
    const failure = cache.set('a', value);
    await expect(failure).rejects.toThrow(TypeError);
    await expect(failure).rejects.toThrow(CacheError);
    await expect(failure).rejects.toThrow(/circular.*\$\.list\[1\]\.back/);
    expect(await cache.getOrSet<unknown>('a', () => value)).toBe(value);
    expect(await cache.has('a')).toBe(false);
  });

  it('seed S10.136 in memory there are no bytes to corrupt: what the caller breaks stays his', async () => {
    const cache = memory();
    const value = { deep: { list: [1, 2, 3] } };
    await cache.set('a', value);
    value.deep.list.length = 0;
    Object.setPrototypeOf(value, null);
    expect(await cache.get('a')).toEqual({ deep: { list: [1, 2, 3] } });
    expect(cache.stats().corrupt).toBe(0);
  });
});

describe('keys', () => {
  const odd = [
    ':',
    '/',
    '\0',
    '\0\0',
    '\0users\0a',
    '{}',
    '{0}',
    ' ',
    'a b',
    'ключ',
    '🔑',
    '*',
    '?',
    '\\',
    '__proto__',
    '%2F',
    '\ud800',
    'x'.repeat(5000),
  ];

  it('pitfall (others) any text is a key, and each a key of its own', async () => {
    const cache = memory();
    await cache.setMany(odd.map((key, i) => [key, i]));
    expect([...(await cache.getMany(odd))]).toEqual(odd.map((key, i) => [key, i]));
    expect(await cache.deleteMany(odd)).toBe(odd.length);
  });

  it.each(['', undefined, null, 1, {}, ['a'], Symbol('a')])('refuses the key %p', async (key) => {
    const cache = memory();
    const bad = key as string;
    const calls = [
      cache.get(bad),
      cache.set(bad, 1),
      cache.getMany([bad]),
      cache.setMany([[bad, 1]]),
      cache.getOrSet(bad, () => 1),
      cache.has(bad),
      cache.ttl(bad),
      cache.delete(bad),
      cache.deleteMany([bad]),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(ValidationError) as unknown });
    }
    expect(cache.stats().size).toBe(0);
  });
});

describe('arguments', () => {
  const wrong: [what: string, call: (cache: Cache) => Promise<unknown>][] = [
    ['getMany of a string', (cache) => cache.getMany('ab' as unknown as string[])],
    ['deleteMany of nothing', (cache) => cache.deleteMany(undefined as unknown as string[])],
    ['setMany of a number', (cache) => cache.setMany(1 as unknown as [])],
    ['setMany of numbers', (cache) => cache.setMany([1] as unknown as [string, number][])],
    ['getOrSet without a loader', (cache) => cache.getOrSet('a', undefined as unknown as () => number)],
    ['an unknown option of set', (cache) => cache.set('a', 1, { tll: 5 } as object)],
    ['an option of getOrSet at set', (cache) => cache.set('a', 1, { forceRefresh: true } as object)],
    ['an unknown option of getOrSet', (cache) => cache.getOrSet('a', () => 1, { force: true } as object)],
    ['a signal that is none', (cache) => cache.getOrSet('a', () => 1, { signal: {} as AbortSignal })],
    ['options null at set', (cache) => cache.set('a', 1, null as unknown as number)],
    ['options null at getOrSet', (cache) => cache.getOrSet('a', () => 1, null as unknown as number)],
    ['tags as text', (cache) => cache.set('a', 1, { tags: 'news' as unknown as string[] })],
    ['tags as empty text', (cache) => cache.set('a', 1, { tags: '' as unknown as string[] })],
    ['tags null', (cache) => cache.set('a', 1, { tags: null as unknown as string[] })],
    ['an empty tag', (cache) => cache.set('a', 1, { tags: ['a', ''] })],
    ['an empty tag to invalidate', (cache) => cache.invalidateTags('')],
    ['a tag that is no text', (cache) => cache.invalidateTags(1 as unknown as string)],
    ['an empty pattern', (cache) => cache.invalidatePattern('')],
    ['no pattern', (cache) => cache.invalidatePattern(undefined as unknown as string)],
  ];

  it.each(wrong)('refuses %s with a ValidationError, by rejecting', async (_, call) => {
    const cache = memory();
    await cache.set('kept', 1);
    await expect(call(cache)).rejects.toThrow(ValidationError);
    expect(await cache.get('kept')).toBe(1);
    expect(await cache.has('a')).toBe(false);
  });

  it('refuses a namespace without a name', () => {
    expect(() => memory().namespace('')).toThrow(ValidationError);
  });

  it('the context of a loader refuses a bad ttl and bad tags', async () => {
    const cache = memory();
    await expect(
      cache.getOrSet('a', (ctx) => {
        ctx.ttl(-1);
        return 1;
      }),
    ).rejects.toThrow(ValidationError);
    await expect(
      cache.getOrSet('a', (ctx) => {
        ctx.tags('');
        return 1;
      }),
    ).rejects.toThrow(ValidationError);
    expect(await cache.has('a')).toBe(false);
  });
});

describe('guarantee 19: eviction', () => {
  it('seed S3.37 at maxSize 3 a fourth key evicts the oldest', async () => {
    const cache = memory({ maxSize: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, key);
    expect([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()]).toEqual(['b', 'c', 'd']);
    expect(cache.stats()).toMatchObject({ evictions: 1, size: 3 });
  });

  it('seed S3.37 overwriting a key at capacity evicts no entry', async () => {
    const cache = memory({ maxSize: 3 });
    for (const key of ['a', 'b', 'c', 'b', 'a']) await cache.set(key, key);
    expect((await cache.getMany(['a', 'b', 'c'])).size).toBe(3);
    expect(cache.stats().evictions).toBe(0);
  });

  it('an entry that is read outlives older and newer ones that are not', async () => {
    const cache = memory({ maxSize: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await cache.get('a');
    await cache.set('d', 'd');
    expect([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()]).toEqual(['a', 'c', 'd']);
  });

  it('seed S10.137-138 exactly maxSize survive, the most recent ones', async () => {
    const cache = memory({ maxSize: 10 });
    for (let i = 0; i < 100; i++) await cache.set(`key:${String(i)}`, i);
    const keys = Array.from({ length: 100 }, (_, i) => `key:${String(i)}`);
    expect([...(await cache.getMany(keys)).values()]).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    expect(cache.stats()).toMatchObject({ size: 10, evictions: 90 });
  });

  it('namespaces share the room', async () => {
    const cache = memory({ maxSize: 2 });
    await cache.namespace('users').set('1', 'a');
    await cache.set('1', 'b');
    await cache.set('2', 'c');
    expect(await cache.namespace('users').get('1')).toBeUndefined();
    expect(cache.stats().size).toBe(2);
  });
});

describe('seed S9 async use', () => {
  it('seed S9.106-107 concurrent sets and gets', async () => {
    const cache = memory();
    const keys = Array.from({ length: 500 }, (_, i) => `key:${String(i)}`);
    await Promise.all(keys.map((key, i) => cache.set(key, i)));
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map((_, i) => i));
  });

  it('seed S9.108 `await using` closes and clears', async () => {
    let stored: InMemoryCache;
    {
      await using cache = new InMemoryCache();
      await cache.set('a', 1);
      stored = cache;
    }
    await expect(stored.get('a')).rejects.toThrow(CacheClosedError);
    expect(stored.stats().size).toBe(0);
  });

  it('seed S9.109 async generators feed it', async () => {
    const cache = memory();
    async function* records(): AsyncGenerator<[string, number]> {
      for (let i = 0; i < 5; i++) {
        await immediately();
        yield [`record:${String(i)}`, i];
      }
    }
    for await (const [key, value] of records()) await cache.set(key, value);
    expect(cache.stats().size).toBe(5);
    expect(await cache.get('record:4')).toBe(4);
  });

  it('seed S9.112 an error of the loader reaches the caller as it is', async () => {
    const cache = memory();
    const error = new RangeError('no such user');
    await expect(
      cache.getOrSet('a', () => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(cache.getOrSet('a', () => Promise.reject(error))).rejects.toBe(error);
  });

  it('seed S9.113 an error leaves nothing behind', async () => {
    const cache = memory();
    await expect(cache.getOrSet('a', () => Promise.reject(new Error('once')))).rejects.toThrow('once');
    expect(cache.stats().size).toBe(0);
    expect(await cache.getOrSet('a', () => 'then')).toBe('then');
  });

  it('seed S2.15 clear() is awaitable, on a namespace too', async () => {
    const cache = memory();
    await cache.set('a', 1);
    await expect(cache.clear()).resolves.toBeUndefined();
    await expect(cache.namespace('users').clear()).resolves.toBeUndefined();
    expect(await cache.has('a')).toBe(false);
  });
});

describe('closing', () => {
  it('every call after it rejects with CacheClosedError', async () => {
    const cache = memory({ name: 'sessions' });
    const users = cache.namespace('users');
    await cache.set('a', 1);
    await cache.close();
    const calls = [cache, users, cache.namespace('late')].flatMap((closed) => [
      closed.get('a'),
      closed.getMany(['a']),
      closed.set('a', 1),
      closed.setMany([['a', 1]]),
      closed.getOrSet('a', () => 1),
      closed.has('a'),
      closed.ttl('a'),
      closed.delete('a'),
      closed.deleteMany(['a']),
      closed.invalidateTags('a'),
      closed.invalidatePattern('*'),
      closed.clear(),
    ]);
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { message: "Cache 'sessions' is closed" },
      });
      expect(outcome).toMatchObject({ reason: expect.any(CacheClosedError) as unknown });
    }
  });

  it('twice is fine', async () => {
    const cache = memory();
    await cache.close();
    await expect(cache.close()).resolves.toBeUndefined();
  });

  it('of a namespace closes nothing', async () => {
    const cache = memory();
    await cache.namespace('users').close();
    await cache.set('a', 1);
    expect(await cache.get('a')).toBe(1);
  });

  it('statistics can still be read', async () => {
    const cache = memory();
    await cache.set('a', 1);
    await cache.get('a');
    await cache.close();
    expect(cache.stats()).toMatchObject({ hits: 1, sets: 1, size: 0 });
  });

  it('while a loader runs: the caller gets the value, nothing is stored', async () => {
    const cache = memory();
    let finish: (value: string) => void = () => undefined;
    const loaded = cache.getOrSet('a', () => new Promise<string>((resolve) => (finish = resolve)));
    await cache.close();
    finish('value');
    await expect(loaded).resolves.toBe('value');
    expect(cache.stats()).toMatchObject({ size: 0, sets: 0 });
  });
});

describe('guarantee 19: maxBytes', () => {
  it('keeps the L1 within its bytes', async () => {
    const cache = memory({ maxBytes: '100kb' });
    for (let i = 0; i < 500; i++) await cache.set(`key:${String(i)}`, 'x'.repeat(1000));
    const { bytes, size, evictions } = cache.stats();
    expect(bytes).toBeLessThanOrEqual(100 * 1024);
    expect(size).toBeGreaterThan(80);
    expect(size + evictions).toBe(500);
  });

  it.each([
    ['a set', undefined],
    ['a set with tags', { tags: ['t'] }],
  ])('does not store a value larger than a quarter of it: %s', async (_, options) => {
    const cache = memory({ maxBytes: 100_000 });
    await cache.set('key', 'old', options);
    await cache.set('key', 'x'.repeat(30_000), options);
    expect(await cache.get('key')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ sets: 1, size: 0, bytes: 0, tooLarge: 1, evictions: 0 });
  });

  it('gives callers of a load a value that is too large', async () => {
    const cache = memory({ maxBytes: 100_000 });
    const load = () => 'x'.repeat(30_000);
    expect(await cache.getOrSet('key', load)).toBe(load());
    expect(await cache.getOrSet('key', load)).toBe(load());
    expect(cache.stats()).toMatchObject({ loads: 2, sets: 0, tooLarge: 2 });
  });

  it('is checked', () => {
    // @ts-expect-error -- no such unit
    expect(() => new InMemoryCache({ maxBytes: '1tb' })).toThrow(
      'maxBytes must be an integer (bytes) or a size',
    );
  });
});

describe('guarantee 19: memoryBudget', () => {
  it('is shared by the caches of the process that have it, until they are closed', async () => {
    const first = memory({ memoryBudget: '100kb' });
    const second = memory({ memoryBudget: '1mb' });
    const other = memory();
    for (let i = 0; i < 200; i++)
      for (const cache of [first, second, other]) await cache.set(`key:${String(i)}`, 'x'.repeat(1000));
    const bytes = first.stats().bytes + second.stats().bytes;
    expect(bytes).toBeLessThanOrEqual(100 * 1024);
    expect(bytes).toBeGreaterThan(90 * 1024);
    expect(first.stats().evictions).toBeGreaterThan(0);
    expect(other.stats()).toMatchObject({ size: 200, bytes: 0, evictions: 0 });
    await first.close();
    for (let i = 0; i < 200; i++) await second.set(`key:${String(i)}`, 'x'.repeat(1000));
    expect(second.stats()).toMatchObject({ size: 200, tooLarge: 0 });
  });

  it('keeps values larger than a quarter of it out', async () => {
    const cache = memory({ memoryBudget: 100_000 });
    await cache.set('key', 'x'.repeat(30_000));
    expect(cache.stats()).toMatchObject({ sets: 0, size: 0, tooLarge: 1 });
  });

  it('is checked', () => {
    // @ts-expect-error -- a share is a text
    expect(() => new InMemoryCache({ memoryBudget: null })).toThrow(
      'memoryBudget must be an integer (bytes)',
    );
  });
});

describe('enabled: false', () => {
  it('stores nothing, every read is a miss, loaders run', async () => {
    const cache = memory({ enabled: false });
    let loads = 0;
    const load = (): number => ++loads;
    await cache.set('a', 1);
    expect(await cache.get('a')).toBeUndefined();
    expect([await cache.getOrSet('a', load), await cache.getOrSet('a', load)]).toEqual([1, 2]);
    expect(await cache.has('a')).toBe(false);
    expect(await cache.ttl('a')).toBeUndefined();
    expect(await cache.delete('a')).toBe(false);
    expect(await cache.invalidatePattern('*')).toBe(0);
    await cache.invalidateTags('t');
    await cache.clear();
    expect(cache.stats()).toMatchObject({ size: 0, hits: 0, misses: 3 });
  });

  it('still refuses bad arguments', async () => {
    const cache = memory({ enabled: false });
    await expect(cache.set('a', () => 1)).rejects.toThrow(SerializationError);
    await expect(cache.get('')).rejects.toThrow(ValidationError);
  });
});

it('inspect shows no values', async () => {
  const cache = memory();
  await cache.set('token', 'S3CRET');
  expect(inspect(cache, { depth: 10, showHidden: true })).not.toContain('S3CRET');
});
