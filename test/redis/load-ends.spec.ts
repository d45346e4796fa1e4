import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { activity, emptyActivity } from '../../libs/cache-infra/src/cache/observe/activity.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { loadGuardKey } from '../../libs/cache-infra/src/tiers/redis/load-guard-key.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred, turn, type Deferred } from '../support/deferred.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

/** Who holds the lease of a key; null = nobody. */
function holder(key: string): Promise<string | null> {
  return own.raw.hget(loadGuardKey(own.keyPrefix, `${own.keyPrefix}::${key}`), 'h');
}

/** A load with a lease, under way. */
interface Running {
  readonly cache: RedisCache;
  readonly loader: Deferred<unknown>;
  readonly context: LoadContext;
  readonly leave: AbortController;
}

const ends: [what: string, end: (running: Running) => unknown][] = [
  ['a value', ({ loader }) => loader.resolve('value')],
  ['undefined', ({ loader }) => loader.resolve(undefined)],
  ['skipStore', ({ loader, context }) => (context.skipStore(), loader.resolve('value'))],
  ['an error', ({ loader }) => loader.reject(new Error('down'))],
  ['a value that cannot be stored', ({ loader }) => loader.resolve({ format: () => 'text' })],
  ['a value that is too large', ({ loader }) => loader.resolve('x'.repeat(5000))],
  ['a tag that is too long', ({ loader, context }) => (context.tags('t'.repeat(40_000)), loader.resolve(1))],
  ['its caller leaving', ({ leave }) => leave.abort(new Error('left'))],
  ['a set', ({ cache }) => cache.set('key', 'newer')],
  ['a delete', ({ cache }) => cache.delete('key')],
  ['an expire', ({ cache }) => cache.expire('key')],
  ['an invalidation of its tags', ({ cache }) => cache.invalidateTags('tag')],
  ['a clear', ({ cache }) => cache.clear()],
  ['close', ({ cache }) => cache.close()],
];

describe('T25: whatever ends a load, each thing that it holds is given back', () => {
  it.each(ends)('T25: %s', async (_, end) => {
    const cache = await redis({ maxValueBytes: 1000, advanced: { leaseDuration: '60s' } });
    const engine = engineOf(cache);
    const loader = deferred<unknown>();
    const started = deferred<LoadContext>();
    const leave = new AbortController();
    const load = (context: LoadContext): Promise<unknown> => {
      started.resolve(context);
      return loader.promise;
    };
    const loaded = cache.getOrSet('key', load, { lock: true, tags: ['tag'], signal: leave.signal });
    loaded.catch(() => undefined);
    const context = await started.promise;
    expect(await holder('key')).not.toBeNull();
    expect(engine.work.loads.size).toBe(1);
    await end({ cache, loader, context, leave });
    await until(async () => (await holder('key')) === null, 'the lease to be given back');
    await until(() => engine.work.loads.size === 0, 'the flight to end');
    expect(engine.keySignals.size).toBe(0);
    expect(engine.work.writes.size).toBe(0);
    loader.resolve('late');
    await loaded.catch(() => undefined);
    expect(engine.work.reads.size).toBe(0);
  });

  it('T25: a loader that hangs beyond hardTimeout, whose callers were served a stale value', async () => {
    const [cache, other] = [await redis({ advanced: { leaseDuration: '60s' } }), await redis()];
    const stored = { ttl: '10ms', grace: '10m' } as const;
    const options = { ...stored, lock: true, softTimeout: 0, hardTimeout: '200ms' } as const;
    await cache.set('key', 'old', stored);
    await until(async () => !(await cache.has('key')), 'the end of the ttl');
    let aborted = false;
    const hang = ({ signal }: LoadContext): Promise<string> =>
      new Promise(() => {
        signal.addEventListener('abort', () => (aborted = true));
      });
    expect(await cache.getOrSet('key', hang, options)).toBe('old');
    await until(() => aborted, 'the abort');
    await until(async () => (await holder('key')) === null, 'the lease to be given back');
    expect(
      await other.getOrSet('key', () => 'new', { ...options, softTimeout: '5s', hardTimeout: '9s' }),
    ).toBe('new');
  });
});

describe('T25: a lease that is given back without a value', () => {
  it.each([
    ['fails', (loader: Deferred<unknown>) => loader.reject(new Error('down'))],
    ['gives nothing', (loader: Deferred<unknown>) => loader.resolve(undefined)],
    ['gives what cannot be stored', (loader: Deferred<unknown>) => loader.resolve(() => 1)],
  ])('T25: has all who waited load at once, when its load %s', async (_, end) => {
    const holding = await redis({ advanced: { leaseDuration: '60s' } });
    const others = await Promise.all([1, 2, 3, 4].map(() => redis({ advanced: { leaseDuration: '60s' } })));
    const loader = deferred<unknown>();
    const started = deferred();
    const first = holding.getOrSet('key', () => (started.resolve(), loader.promise), { lock: true });
    first.catch(() => undefined);
    await started.promise;
    let running = 0;
    const go = deferred<string>();
    const waiting = others.map((cache) =>
      cache.getOrSet('key', () => (running++, go.promise), { lock: true }),
    );
    await until(() => others.every((cache) => engineOf(cache).keySignals.size === 1), 'the others to wait');
    end(loader);
    await until(() => running === others.length, 'all of them to load');
    go.resolve('value');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['value']));
  });

  it('T25: but goes to the next alone when only its caller left', async () => {
    const [holding, second, third] = [await redis(), await redis(), await redis()];
    const leave = new AbortController();
    const started = deferred();
    const hang = (): Promise<unknown> => (started.resolve(), new Promise(() => undefined));
    const left = holding.getOrSet('key', hang, { lock: true, signal: leave.signal });
    left.catch(() => undefined);
    await started.promise;
    let runs = 0;
    const go = deferred<string>();
    const load = (): Promise<string> => (runs++, go.promise);
    const waiting = [second, third].map((cache) => cache.getOrSet('key', load, { lock: true }));
    await until(
      () => [second, third].every((cache) => engineOf(cache).keySignals.size === 1),
      'the others to wait',
    );
    leave.abort(new Error('left'));
    await until(() => runs === 1, 'the next one to load');
    go.resolve('value');
    expect(await Promise.all(waiting)).toEqual(['value', 'value']);
    expect(runs).toBe(1);
  });
});

describe('T26: two instances whose loads wait for the lease of each other', () => {
  it('T26: wait no longer than a lease lasts', async () => {
    const [one, other] = [
      await redis({ advanced: { leaseDuration: '300ms' } }),
      await redis({ advanced: { leaseDuration: '300ms' } }),
    ];
    const both = [deferred(), deferred()] as const;
    const load = (
      cache: RedisCache,
      key: string,
      needed: string,
      started: Deferred<void>,
    ): Promise<unknown> =>
      cache.getOrSet(
        key,
        () => {
          started.resolve();
          return cache.getOrSet(needed, () => `${needed} loaded for ${key}`, { lock: true });
        },
        { lock: true },
      );
    const loads = Promise.all([load(one, 'a', 'b', both[0]), load(other, 'b', 'a', both[1])]);
    await Promise.all(both.map(({ promise }) => promise));
    await turn();
    expect(await loads).toHaveLength(2);
  });
});

describe('T61: closing while a load holds a lease', () => {
  it('T61: gives it back: another instance loads at once', async () => {
    const [cache, other] = [
      await redis({ advanced: { leaseDuration: '60s' } }),
      await redis({ advanced: { leaseDuration: '60s' } }),
    ];
    const loader = deferred<string>();
    const started = deferred();
    const loaded = cache.getOrSet('key', () => (started.resolve(), loader.promise), { lock: true });
    await started.promise;
    const waiting = other.getOrSet('key', () => 'second', { lock: true });
    await until(() => engineOf(other).keySignals.size === 1, 'the other to wait');
    await cache.close();
    expect(await waiting).toBe('second');
    loader.resolve('first');
    expect(await loaded).toBe('first');
  });
});

describe('T41: a loaded value that Redis cannot keep', () => {
  it.each([
    ['its size', (): string => 'x'.repeat(5000), []],
    ['the length of a tag', (): string => 'value', ['t'.repeat(40_000)]],
    ['the number of tags', (): string => 'value', Array.from({ length: 65_536 }, (_, i) => `t${String(i)}`)],
  ] as const)('T41: goes to its caller, for %s', async (_, load, tags) => {
    const cache = await redis({ maxValueBytes: 1000 });
    const told: unknown[] = [];
    cache.on('error', ({ error }) => told.push(error));
    await cache.set('key', 'yesterday', { ttl: '5ms', grace: '1h' });
    await until(async () => !(await cache.has('key')), 'the end of the ttl');
    for (let i = 0; i < 2; i++) {
      const loaded = cache.getOrSet('key', (ctx) => (ctx.tags(...tags), load()), { grace: '1h' });
      expect(await loaded).toBe(load());
    }
    expect(told).toHaveLength(2);
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 0, notStored: 2 });
  });
});

describe('T51: setMany', () => {
  it.each([
    [
      'a value that is too large',
      [
        ['a', 1],
        ['b', 'x'.repeat(2000)],
        ['c', 3],
      ],
      {},
    ],
    [
      'a value that cannot be stored',
      [
        ['a', 1],
        ['b', () => 1],
        ['c', 3],
      ],
      {},
    ],
    [
      'a tag that is too long',
      [
        ['a', 1],
        ['c', 3],
      ],
      { tags: ['t'.repeat(40_000)] },
    ],
  ] as [string, [string, unknown][], object][])(
    'T51: stores nothing when it refuses %s',
    async (_, entries, options) => {
      const cache = await redis({ maxValueBytes: 1000 });
      await expect(cache.setMany(entries, options)).rejects.toThrow(
        /maxValueBytes|cannot be stored|must not exceed/,
      );
      expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map());
    },
  );
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

describe('a loaded value that Redis refuses, since the key was set meanwhile', () => {
  it.each<[string, (cache: RedisCache, load: () => Promise<string>) => Promise<unknown>]>([
    ['getOrSet', (cache, load) => cache.getOrSet('key', load)],
    ['getOrSetMany', (cache, load) => cache.getOrSetMany(['key'], async () => [await load()])],
  ])('%s: it is no set of the request', async (_, call) => {
    const [cache, other] = [await redis({ enableL1Cache: false }), await redis()];
    const record = emptyActivity();
    const [started, made] = [deferred<undefined>(), deferred<string>()];
    const load = (): Promise<string> => {
      started.resolve(undefined);
      return made.promise;
    };
    const loaded = activity.run(record, () => call(cache, load));
    await started.promise;
    await other.set('key', 'newer');
    made.resolve('older');
    await loaded;
    expect(record).toMatchObject({ loads: 1, sets: 0 });
    expect(await other.get('key')).toBe('newer');
  });
});
