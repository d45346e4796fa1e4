import { deferred, turn, type Deferred } from '../../../../../test/support/deferred.js';
import { closingAfterEach } from '../../../../../test/support/closing.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { BulkLoadError, CircularLoadError } from '../../base/errors.js';
import type { Bulk, BulkLoadContext, BulkLoadOptions } from '../contract/bulk-load.js';
import type { CacheOperation } from '../contract/monitor.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { engineOf } from '../tiered-cache.js';
import { followCalls } from './calling-flight.js';

const closing = closingAfterEach();

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = closing(new InMemoryCache({ advanced: { clock } }));
});
afterEach(async () => {
  await turn();
  expect(engineOf(cache).work.loads.size).toBe(0);
});

/** A loader whose calls end when the test says so. */
class HeldBulkLoader {
  readonly calls: { readonly missing: readonly string[]; readonly ctx: BulkLoadContext<string> }[] = [];
  readonly #ends: Deferred<Bulk<string>>[] = [];

  readonly load = (missing: readonly string[], ctx: BulkLoadContext<string>): Promise<Bulk<string>> => {
    this.calls.push({ missing, ctx });
    const end = deferred<Bulk<string>>();
    this.#ends.push(end);
    return end.promise;
  };

  get asked(): readonly (readonly string[])[] {
    return this.calls.map(({ missing }) => missing);
  }

  succeed(call = 0, values?: Bulk<string>): void {
    this.#ends[call]?.resolve(values ?? valuesOf(this.calls[call]?.missing ?? []));
  }

  fail(call = 0, error = new Error('the origin is down')): void {
    this.#ends[call]?.reject(error);
  }
}

const valuesOf = (keys: readonly string[]): string[] => keys.map((key) => `${key}!`);
const load = (missing: readonly string[]): string[] => valuesOf(missing);

/** The error of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<BulkLoadError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BulkLoadError);
  return error as BulkLoadError;
}

describe('getOrSetMany', () => {
  it('calls the loader once with the missing keys, in their order and without duplicates', async () => {
    await cache.set('b', 'stored');
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['c', 'b', 'a', 'c'], loader.load);
    await turn();
    expect(loader.asked).toEqual([['c', 'a']]);
    loader.succeed();
    expect([...(await values)]).toEqual([
      ['c', 'c!'],
      ['b', 'stored'],
      ['a', 'a!'],
    ]);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 'a!'],
        ['b', 'stored'],
        ['c', 'c!'],
      ]),
    );
  });

  it('calls no loader if every key is a hit, or if there is no key', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    const never = (): never => {
      throw new Error('called');
    };
    expect([...(await cache.getOrSetMany(['b', 'a'], never))]).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    expect(await cache.getOrSetMany([], never)).toEqual(new Map());
  });

  it.each<[string, Bulk<string>]>([
    [
      'a Map',
      new Map([
        ['b', 'B'],
        ['a', 'A'],
      ]),
    ],
    ['a plain object', { b: 'B', a: 'A' }],
    ['an object without prototype', Object.assign(Object.create(null) as object, { b: 'B', a: 'A' })],
    ['an array in the order of the keys', ['A', 'B', undefined]],
  ])('takes %s; keys that it leaves out are absent and not stored', async (_, result) => {
    expect([...(await cache.getOrSetMany(['a', 'b', 'c'], () => result))]).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    expect(await cache.has('c')).toBe(false);
  });

  it("absent: 'null' stores and returns null for what the loader leaves out", async () => {
    let calls = 0;
    const none = (): Map<string, string> => {
      calls++;
      return new Map();
    };
    const options = { absent: 'null', ttl: 10 } as const;
    expect([...(await cache.getOrSetMany(['a', 'b'], none, options))]).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect([...(await cache.getOrSetMany(['a', 'b'], none, options))]).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect(calls).toBe(1);
    clock.advance(10_000);
    await cache.getOrSetMany(['a'], none, options);
    expect(calls).toBe(2);
  });

  it('takes keys like those of Object.prototype', async () => {
    const values = await cache.getOrSetMany(['toString', '__proto__', 'x'], () => ({ x: 'X' }));
    expect([...values]).toEqual([['x', 'X']]);
  });

  it('gives each caller a copy', async () => {
    const made = { list: [1] };
    const first = await cache.getOrSetMany(['a'], () => [made]);
    first.get('a')?.list.push(2);
    made.list.push(3);
    expect(await cache.get('a')).toEqual({ list: [1] });
  });

  it.each<[string, unknown, string]>([
    ['a shorter array', ['x'], 'loader of 2 missing keys returned an array of 1 values'],
    ['a longer array', ['x', 'y', 'z'], 'loader of 2 missing keys returned an array of 3 values'],
    [
      'a Map with another key',
      new Map([
        ['a', 1],
        ['other', 2],
        ['more', 3],
      ]),
      'a value for "other"',
    ],
    ['an object with another key', { a: 1, other: 2, more: 3 }, 'a value for "other"'],
    ['no container', 'text', 'must return a Map, a plain object or an array, got "text"'],
    ['nothing', undefined, 'must return a Map, a plain object or an array, got undefined'],
    ['an instance', new Date(0), 'must return a Map, a plain object or an array, got an object'],
  ])('rejects %s, and stores nothing', async (_, result, words) => {
    const error = await failureOf(cache.getOrSetMany(['a', 'b'], () => result as string[]));
    expect(error.cause).toMatchObject({
      code: 'CACHE_VALIDATION',
      message: expect.stringContaining(words) as unknown,
    });
    expect([...error.errors.keys()]).toEqual(['a', 'b']);
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
  });

  it.each<[string, unknown]>([
    ['absent', 'none'],
    ['chunkSize', 0],
    ['chunkSize', 1.5],
    ['concurrency', 0],
    ['partial', 'yes'],
    ['chunks', 1],
  ])('refuses %s: %j', async (name, value) => {
    const options = { [name]: value } as BulkLoadOptions;
    await expect(cache.getOrSetMany(['a'], load, options)).rejects.toMatchObject({
      code: 'CACHE_VALIDATION',
      message: expect.stringContaining(name) as unknown,
    });
  });

  it('refuses keys and loaders of another type', async () => {
    await expect(cache.getOrSetMany('a' as never, load)).rejects.toThrow('keys must be an array');
    await expect(cache.getOrSetMany(['a', ''], load)).rejects.toMatchObject({ code: 'CACHE_VALIDATION' });
    await expect(cache.getOrSetMany(['a'], 1 as never)).rejects.toThrow('must be a function');
  });

  it('reports one operation, and counts each key', async () => {
    const seen: [CacheOperation, boolean | undefined][] = [];
    const watched = closing(
      new InMemoryCache({ onOperation: ({ operation, hit }) => void seen.push([operation, hit]) }),
    );
    await watched.getOrSetMany(['a', 'b'], load);
    await watched.getOrSetMany(['a', 'b', 'c'], load);
    await watched.getOrSetMany(['a', 'b', 'c'], load);
    expect(seen).toEqual([
      ['getOrSetMany', false],
      ['getOrSetMany', false],
      ['getOrSetMany', true],
    ]);
    expect(watched.stats()).toMatchObject({ hits: 5, misses: 3, loads: 3, sets: 3 });
  });

  it('emits hit and miss for each key', async () => {
    const seen: string[] = [];
    cache.on('hit', ({ key }) => seen.push(`hit ${key}`)).on('miss', ({ key }) => seen.push(`miss ${key}`));
    await cache.set('a', 1);
    await cache.getOrSetMany(['a', 'b'], load);
    expect(seen).toEqual(['hit a', 'miss b']);
  });

  it('works in a namespace, and with a disabled cache', async () => {
    expect(await cache.namespace('n').getOrSetMany(['a'], load)).toEqual(new Map([['a', 'a!']]));
    expect(await cache.has('a')).toBe(false);
    const disabled = closing(new InMemoryCache({ enabled: false }));
    expect(await disabled.getOrSetMany(['a', 'b'], load)).toEqual(
      new Map([
        ['a', 'a!'],
        ['b', 'b!'],
      ]),
    );
  });
});

describe('single flight of many keys', () => {
  it('joins the loads of getOrSet and of other calls', async () => {
    const single = deferred<string>();
    const loading = cache.getOrSet('a', () => single.promise);
    const [first, second] = [new HeldBulkLoader(), new HeldBulkLoader()];
    const one = cache.getOrSetMany(['a', 'b', 'c'], first.load);
    const other = cache.getOrSetMany(['c', 'a', 'd'], second.load);
    await turn();
    expect([first.asked, second.asked]).toEqual([[['b', 'c']], [['d']]]);
    first.succeed();
    second.succeed();
    single.resolve('single');
    expect([...(await one).values()]).toEqual(['single', 'b!', 'c!']);
    expect([...(await other).values()]).toEqual(['c!', 'single', 'd!']);
    expect(await loading).toBe('single');
  });

  it('getOrSet joins it', async () => {
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load);
    await turn();
    const joined = cache.getOrSet('b', () => 'loaded twice');
    await turn();
    loader.succeed();
    expect(await joined).toBe('b!');
    await values;
    expect(cache.stats()).toMatchObject({ loads: 2, coalesced: 1 });
  });

  it('a call that joins gets the failure of its key, also after the other call has left', async () => {
    const leaving = new AbortController();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { signal: leaving.signal });
    await turn();
    const joined = cache.getOrSet('b', () => 'loaded twice');
    await turn();
    leaving.abort(new Error('left'));
    await expect(values).rejects.toThrow('left');
    await turn();
    loader.fail();
    await expect(joined).rejects.toThrow('the origin is down');
  });

  it('a call that joins and leaves takes nothing from the call that began the loads', async () => {
    const leaving = new AbortController();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { hardTimeout: '10s' });
    await turn();
    const joined = cache.getOrSet('b', () => 'loaded twice', { signal: leaving.signal });
    await turn();
    leaving.abort(new Error('left'));
    await expect(joined).rejects.toThrow('left');
    expect(loader.calls[0]?.ctx.signal.aborted).toBe(false);
    loader.succeed();
    expect([...(await values).values()]).toEqual(['a!', 'b!']);
  });

  it('awaits values that are promises, each for its own key', async () => {
    const promised = (missing: readonly string[]) =>
      missing.map(async (key) => (key === 'b' ? Promise.reject(new Error('no b')) : `${key}!`));
    const { values, errors } = await failureOf(cache.getOrSetMany(['a', 'b', 'c'], promised));
    expect([...values.values()]).toEqual(['a!', 'c!']);
    expect([...errors]).toEqual([['b', new Error('no b')]]);
    expect(await cache.getMany(['a', 'c'])).toEqual(values);
  });

  it('each entry of a call has a jitter of its own', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `key-${String(i)}`);
    await cache.getOrSetMany(keys, load, { ttl: 100, jitter: 1 });
    clock.advance(50_000);
    const left = await cache.getMany(keys);
    expect(left.size).toBeGreaterThan(0);
    expect(left.size).toBeLessThan(200);
  });

  it('a loader of one key of which another loader has failed: each error reaches its own key', async () => {
    const single = deferred<string>();
    const loading = cache.getOrSet('a', () => single.promise).catch(() => 'failed');
    const values = cache.getOrSetMany(['a', 'b'], load);
    await turn();
    single.reject(new Error('one'));
    const error = await failureOf(values);
    expect([...error.values]).toEqual([['b', 'b!']]);
    expect([...error.errors]).toEqual([['a', expect.objectContaining({ message: 'one' })]]);
    await loading;
  });
});

describe('failures', () => {
  it('BulkLoadError has the values of the hits, and the error of every other key', async () => {
    await cache.set('b', 'stored');
    const error = await failureOf(
      cache.getOrSetMany(['a', 'b', 'c'], () => Promise.reject(new Error('the origin is down'))),
    );
    expect([...error.values]).toEqual([['b', 'stored']]);
    expect([...error.errors.keys()]).toEqual(['a', 'c']);
    expect(error).toMatchObject({
      code: 'CACHE_BULK_LOAD',
      message: "getOrSetMany could not get 2 of 3 keys; 'a': the origin is down",
      cause: { message: 'the origin is down' },
      details: { failed: 2, total: 3, key: 'a' },
    });
    expect(cache.stats()).toMatchObject({ loadErrors: 2 });
  });

  it('also of a loader that throws', async () => {
    const error = await failureOf(
      cache.getOrSetMany(['a'], () => {
        throw new Error('at once');
      }),
    );
    expect(error.cause).toMatchObject({ message: 'at once' });
  });

  it('partial: true resolves with what there is', async () => {
    await cache.set('b', 'stored');
    const fail = (): Promise<string[]> => Promise.reject(new Error('down'));
    expect([...(await cache.getOrSetMany(['a', 'b'], fail, { partial: true }))]).toEqual([['b', 'stored']]);
  });

  it('a getter of the result that throws fails its key alone', async () => {
    const result = {
      get a(): string {
        throw new Error('no a');
      },
      b: 'B',
    };
    const error = await failureOf(cache.getOrSetMany(['a', 'b'], () => result));
    expect([...error.values]).toEqual([['b', 'B']]);
  });

  it('a value that cannot be stored is returned, and the others are stored', async () => {
    const fn = (): number => 1;
    const values = await cache.getOrSetMany<unknown>(['a', 'b'], () => [fn, 'B']);
    expect([...values.values()]).toEqual([fn, 'B']);
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 'B']]));
    expect(cache.stats().notStored).toBe(1);
  });

  it('grace: stale values are served for the keys that have one', async () => {
    await cache.set('a', 'old', { ttl: 10, grace: 60 });
    clock.advance(10_000);
    const seen: unknown[] = [];
    const error = await failureOf(
      cache.getOrSetMany(
        ['a', 'b'],
        (_, { stale }) => {
          seen.push([...stale]);
          return Promise.reject(new Error('down'));
        },
        { grace: 60 },
      ),
    );
    expect(seen).toEqual([[['a', 'old']]]);
    expect([...error.values]).toEqual([['a', 'old']]);
    expect([...error.errors.keys()]).toEqual(['b']);
  });
});

describe('decisions about single keys', () => {
  it('ttl, tags and skipStore', async () => {
    await cache.getOrSetMany(
      ['a', 'b', 'c'],
      (missing, { set }) => {
        set('a', { ttl: 5 });
        set('b', { tags: ['b'] });
        set('c', { skipStore: true });
        return valuesOf(missing);
      },
      { ttl: 100, tags: ['all'] },
    );
    expect([await cache.ttl('a'), await cache.ttl('b'), await cache.ttl('c')]).toEqual([5, 100, undefined]);
    await cache.invalidateTags('b');
    expect([await cache.has('a'), await cache.has('b')]).toEqual([true, false]);
    await cache.invalidateTags('all');
    expect(await cache.has('a')).toBe(false);
  });

  it.each<[string, (ctx: BulkLoadContext) => void]>([
    ['another key', ({ set }) => set('x', { ttl: 1 })],
    ['an invalid ttl', ({ set }) => set('a', { ttl: -1 })],
    ['invalid tags', ({ set }) => set('a', { tags: [''] })],
  ])('%s fails the loader', async (_, decide) => {
    const error = await failureOf(
      cache.getOrSetMany(['a'], (missing, ctx) => {
        decide(ctx);
        return valuesOf(missing);
      }),
    );
    expect(error.cause).toMatchObject({ code: 'CACHE_VALIDATION' });
  });
});

describe('chunkSize and concurrency', () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];

  it('call the loader for so many keys, so many times at once', async () => {
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keys, loader.load, { chunkSize: 2, concurrency: 2 });
    await turn();
    expect(loader.asked).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    loader.succeed(1);
    await turn();
    expect(loader.asked).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    loader.succeed(0);
    loader.succeed(2);
    expect([...(await values).keys()]).toEqual(keys);
  });

  it('by default 4 loader calls at once', async () => {
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keys, loader.load, { chunkSize: 1 });
    await turn();
    expect(loader.asked).toHaveLength(4);
    for (let i = 0; i < 5; i++) {
      loader.succeed(i);
      await turn();
    }
    await values;
  });

  it('a loader call that fails fails its keys alone', async () => {
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keys, loader.load, { chunkSize: 2, concurrency: 3 });
    await turn();
    loader.succeed(0);
    loader.fail(1);
    loader.succeed(2);
    const error = await failureOf(values);
    expect([...error.values.keys()]).toEqual(['a', 'b', 'e']);
    expect([...error.errors.keys()]).toEqual(['c', 'd']);
  });
});

describe('invalidation during the load', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['delete', () => cache.delete('b')],
    ['set', () => cache.set('b', 'newer')],
    ['invalidateTags', () => cache.invalidateTags('tag b')],
    ['invalidatePattern', () => cache.invalidatePattern('b*')],
  ])(
    '%s of one key: callers get the loaded value, which is not stored; the others are',
    async (kind, change) => {
      const loader = new HeldBulkLoader();
      const values = cache.getOrSetMany(['a', 'b'], loader.load);
      await turn();
      loader.calls[0]?.ctx.set('b', { tags: ['tag b'] });
      await change();
      const later = cache.getOrSet('b', () => 'loaded again');
      loader.succeed();
      expect([...(await values).values()]).toEqual(['a!', 'b!']);
      expect(await later).toBe(kind === 'set' ? 'newer' : 'loaded again');
      expect(await cache.getMany(['a', 'b'])).toEqual(
        new Map([
          ['a', 'a!'],
          ['b', await later],
        ]),
      );
    },
  );

  it('clear discards all of them', async () => {
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load);
    await turn();
    await cache.clear();
    loader.succeed();
    expect((await values).size).toBe(2);
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
  });

  it('closing during the load: the callers get their values', async () => {
    const own = new InMemoryCache();
    const loader = new HeldBulkLoader();
    const values = own.getOrSetMany(['a', 'b'], loader.load);
    await turn();
    await own.close();
    loader.succeed();
    expect((await values).size).toBe(2);
  });

  it('closing while keys are still being looked up: those that have not begun are refused', async () => {
    const own = new InMemoryCache();
    const keys = Array.from({ length: 1000 }, (_, i) => `key ${String(i)}`);
    const values = own.getOrSetMany(keys, load);
    await own.close();
    const error = await failureOf(values);
    expect(error.values.get('key 0')).toBe('key 0!');
    expect(error.errors.get('key 999')).toMatchObject({ code: 'CACHE_CLOSED' });
    expect(error.values.size + error.errors.size).toBe(1000);
  });

  it('the caller may change its array of keys during the call', async () => {
    const keys = ['a', 'b'];
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keys, loader.load);
    keys.length = 0;
    await turn();
    loader.succeed();
    expect([...(await values).keys()]).toEqual(['a', 'b']);
  });
});

describe('forceRefresh', () => {
  it('loads hits, too, and other callers keep the cached value', async () => {
    await cache.set('a', 'old');
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { forceRefresh: true });
    await turn();
    expect(loader.asked).toEqual([['a', 'b']]);
    expect(await cache.getOrSetMany(['a'], load)).toEqual(new Map([['a', 'old']]));
    loader.succeed();
    await values;
    expect(await cache.get('a')).toBe('a!');
  });
});

describe('refreshAhead', () => {
  it('hits that are due are refreshed by one loader call in the background', async () => {
    const options = { ttl: 100, refreshAhead: 0.8 };
    await cache.getOrSetMany(['a', 'b', 'c'], () => ['old', 'old', 'old'], options);
    clock.advance(80_000);
    const loader = new HeldBulkLoader();
    const values = await cache.getOrSetMany(['a', 'b', 'c'], loader.load, options);
    expect([...values.values()]).toEqual(['old', 'old', 'old']);
    await turn();
    expect(loader.asked).toEqual([['a', 'b', 'c']]);
    loader.succeed();
    await turn();
    expect(await cache.get('b')).toBe('b!');
    expect(cache.stats()).toMatchObject({ refreshes: 3 });
  });
});

describe('signal', () => {
  it('rejects the caller; the loader aborts once the last caller of every key has left', async () => {
    const leaving = new AbortController();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { signal: leaving.signal });
    await turn();
    const { signal } = loader.calls[0]?.ctx as BulkLoadContext;
    const staying = new AbortController();
    const other = cache.getOrSet('b', () => 'other', { signal: staying.signal });
    await turn();
    leaving.abort(new Error('left'));
    await expect(values).rejects.toThrow('left');
    await turn();
    expect(signal.aborted).toBe(false);
    staying.abort(new Error('left, too'));
    await expect(other).rejects.toThrow('left, too');
    expect(signal.aborted).toBe(true);
    loader.fail();
    await turn();
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
  });

  it('a value that comes after the abort is not stored', async () => {
    const leaving = new AbortController();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { signal: leaving.signal });
    await turn();
    leaving.abort();
    await expect(values).rejects.toBe(leaving.signal.reason);
    loader.succeed();
    await turn();
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
  });

  it('an aborted signal rejects the call, hits or not', async () => {
    await cache.set('a', 1);
    const signal = AbortSignal.abort(new Error('before'));
    await expect(cache.getOrSetMany(['a'], load, { signal })).rejects.toThrow('before');
  });

  it('a loader call that waits for its turn is not made for keys whose callers have left', async () => {
    const leaving = new AbortController();
    const loader = new HeldBulkLoader();
    const options = { chunkSize: 1, concurrency: 1, signal: leaving.signal };
    const values = cache.getOrSetMany(['a', 'b'], loader.load, options);
    await turn();
    leaving.abort(new Error('left'));
    await expect(values).rejects.toThrow('left');
    loader.succeed();
    await turn();
    expect(loader.asked).toEqual([['a']]);
  });
});

describe('time-outs', () => {
  it('softTimeout serves the stale values, and the load goes on', async () => {
    await cache.setMany(
      [
        ['a', 'old'],
        ['b', 'old'],
      ],
      { ttl: 10, grace: 60 },
    );
    clock.advance(10_000);
    const loader = new HeldBulkLoader();
    const options = { ttl: 10, grace: 60, softTimeout: '20ms' } as const;
    const values = await cache.getOrSetMany(['a', 'b'], loader.load, options);
    expect([...values.values()]).toEqual(['old', 'old']);
    loader.succeed();
    await turn();
    expect(await cache.get('a')).toBe('a!');
  });

  it('hardTimeout fails the keys without a stale value, and aborts the loader', async () => {
    await cache.set('a', 'old', { ttl: 10, grace: 60 });
    clock.advance(10_000);
    const loader = new HeldBulkLoader();
    const options = { grace: 60, hardTimeout: '20ms' } as const;
    const error = await failureOf(cache.getOrSetMany(['a', 'b'], loader.load, options));
    expect([...error.values]).toEqual([['a', 'old']]);
    expect(error.errors.get('b')).toMatchObject({ code: 'CACHE_TIMEOUT' });
    await turn();
    loader.fail();
  });
});

describe('time-outs of calls that share a load', () => {
  it('a call with more time gets the value, which is stored', async () => {
    const loader = new HeldBulkLoader();
    const failing = failureOf(cache.getOrSetMany(['a', 'b'], loader.load, { hardTimeout: '20ms' }));
    await turn();
    const joined = cache.getOrSet('b', () => 'loaded twice', { hardTimeout: '10s' });
    expect((await failing).errors.size).toBe(2);
    loader.succeed();
    expect(await joined).toBe('b!');
    expect(await cache.get('b')).toBe('b!');
  });
});

describe('circular loads', () => {
  it.each([
    ['its first key', 'a'],
    ['another of its keys', 'b'],
  ])('a loader that calls the cache for %s gets a CircularLoadError', async (_, key) => {
    const error = await failureOf(
      cache.getOrSetMany(['a', 'b'], async (missing) => {
        await cache.getOrSet(key, () => 'never');
        return valuesOf(missing);
      }),
    );
    expect(error.cause).toBeInstanceOf(CircularLoadError);
  });

  it('also by a call for many keys: it says which one', async () => {
    const error = await failureOf(
      cache.getOrSetMany(['a', 'b'], async (missing) => {
        await cache.getOrSetMany(['x', 'b'], load);
        return valuesOf(missing);
      }),
    );
    const inner = error.cause as BulkLoadError;
    expect([...inner.values]).toEqual([['x', 'x!']]);
    expect(inner.errors.get('b')).toBeInstanceOf(CircularLoadError);
  });

  it('also by way of another load', async () => {
    followCalls();
    const loadA = (): Promise<Map<string, string>> =>
      cache.getOrSetMany(['a', 'b'], async (missing) => {
        await turn();
        await loadX();
        return valuesOf(missing);
      });
    const loadX = (): Promise<string> =>
      cache.getOrSet('x', async () => {
        await turn();
        return [...(await loadA())].join();
      });
    await expect(loadX()).rejects.toThrow(/wait for each other/);
  });

  it('a loader call that another one of the same call waits for does not wait for its turn', async () => {
    followCalls();
    const values = cache.getOrSetMany(
      ['a', 'b'],
      async (missing) => {
        if (missing.includes('a')) {
          await turn();
          await cache.getOrSet('x', () => cache.getOrSet('b', () => 'never')).catch(() => 'circular');
        }
        return valuesOf(missing);
      },
      { chunkSize: 1, concurrency: 1 },
    );
    expect([...(await values).values()]).toEqual(['a!', 'b!']);
  });

  it('a loader may call the cache for other keys', async () => {
    const values = await cache.getOrSetMany(['a', 'b'], async (missing) => [
      ...(await cache.getOrSetMany(['x', 'y'], load)).values(),
      ...missing.slice(2),
    ]);
    expect([...values.values()]).toEqual(['x!', 'y!']);
  });
});

describe('as and revive', () => {
  class User {
    constructor(readonly name: string) {}
  }

  it('gives instances, loaded and stored', async () => {
    const options = { as: User };
    const loaded = await cache.getOrSetMany(['a'], () => [new User('Ada')], options);
    const stored = await cache.getOrSetMany(['a'], () => [new User('never')], options);
    for (const values of [loaded, stored]) {
      expect(values.get('a')).toBeInstanceOf(User);
      expect(values.get('a')).toMatchObject({ name: 'Ada' });
    }
  });

  it('a stored value that cannot be revived is loaded anew, with the other missing keys', async () => {
    await cache.set('a', 'from another release');
    const loader = new HeldBulkLoader();
    const revive = (stored: unknown): unknown => {
      if (stored === 'from another release') throw new Error('unknown form');
      return stored;
    };
    const values = cache.getOrSetMany(['a', 'b'], loader.load, { revive });
    await turn();
    expect(loader.asked).toEqual([['a', 'b']]);
    loader.succeed();
    expect([...(await values).values()]).toEqual(['a!', 'b!']);
  });
});
