import { closingAfterEach } from '../../../../../test/support/closing.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import type { CacheTracer, TracedCall, TracedLoad } from '../contract/tracing.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { activity, emptyActivity } from './activity.js';

const closing = closingAfterEach();

/** Notes what it traces, once it has ended. */
class NotingTracer implements CacheTracer {
  readonly sampleEvery: number;
  readonly calls: TracedCall[] = [];
  readonly loads: TracedLoad[] = [];

  constructor(sampleEvery = 1) {
    this.sampleEvery = sampleEvery;
  }

  call(call: TracedCall, work: () => Promise<unknown>): void {
    const note = (): void => void this.calls.push(call);
    work().then(note, note);
  }

  load(load: TracedLoad, work: () => Promise<unknown>): void {
    const note = (): void => void this.loads.push(load);
    work().then(note, note);
  }

  ended(call: TracedCall): void {
    this.calls.push(call);
  }
}

function traced(sampleEvery?: number, options: ConstructorParameters<typeof InMemoryCache>[0] = {}) {
  const cache = closing(new InMemoryCache({ name: 'shop', ...options }));
  const tracer = new NotingTracer(sampleEvery);
  const uninstall = cache.traceWith(tracer);
  return { cache, tracer, uninstall };
}

const hitsOf = ({ calls }: NotingTracer): readonly TracedCall[] => calls.filter(({ hit }) => hit === true);

describe('tracing of a cache', () => {
  it('traces every method, with its keys', async () => {
    const { cache, tracer } = traced();
    const users = cache.namespace('users');

    await users.set('a', 'value', { ttl: '1m' });
    await cache.setMany([
      ['b', 1],
      ['c', 2],
    ]);
    await cache.get('b');
    await cache.getMany(['b', 'c', 'd']);
    await cache.has('b');
    await cache.ttl('b');
    await cache.expire('b');
    await cache.delete('c');
    await cache.deleteMany(['c', 'd']);
    await cache.invalidateTags('t');
    await cache.expireTags('t');
    await cache.invalidatePattern('*');
    await cache.clear();

    expect(tracer.calls.map(({ operation, keys, keyCount }) => [operation, keys, keyCount])).toEqual([
      ['set', ['a'], 1],
      ['setMany', ['b', 'c'], 2],
      ['get', ['b'], 1],
      ['getMany', ['b', 'c', 'd'], 3],
      ['has', ['b'], 1],
      ['ttl', ['b'], 1],
      ['expire', ['b'], 1],
      ['delete', ['c'], 1],
      ['deleteMany', ['c', 'd'], 2],
      ['invalidateTags', [], 0],
      ['expireTags', [], 0],
      ['invalidatePattern', [], 0],
      ['clear', [], 0],
    ]);
    expect(tracer.calls[0]).toMatchObject({ cache: 'shop', namespace: 'users', ttl: 60, hit: undefined });
    expect(tracer.calls[0]?.size).toBeGreaterThanOrEqual('value'.length);
    expect(tracer.calls[2]).toMatchObject({ hit: true, tier: 'l1', namespace: '' });
    expect(tracer.calls[3]).toMatchObject({ hit: false, hits: 2, misses: 1 });
  });

  it('gives at most 20 keys of a call, and their number', async () => {
    const { cache, tracer } = traced();
    await cache.getMany(Array.from({ length: 50 }, (_, i) => `key:${i}`));

    expect(tracer.calls[0]).toMatchObject({ keyCount: 50, key: undefined });
    expect(tracer.calls[0]?.keys).toHaveLength(20);
  });

  it('traces a load once, and tells the callers that joined it', async () => {
    const { cache, tracer } = traced();
    const loader = deferred<number>();
    const both = [cache.getOrSet('a', () => loader.promise, 60), cache.getOrSet('a', () => 2)];
    await turn();
    loader.resolve(1);
    await Promise.all(both);

    expect(tracer.loads).toHaveLength(1);
    expect(tracer.loads[0]).toMatchObject({
      ...{ key: 'a', from: 'loader', stored: true, notStored: undefined, ttl: 60, tiers: ['l1'] },
      ...{ joined: 1, lock: false, leased: false, background: false, forced: false },
    });
    expect(tracer.calls.map(({ coalesced, load }) => [coalesced, load === tracer.loads[0]])).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  it.each<[string, (cache: InMemoryCache) => Promise<unknown>, TracedLoad['notStored']]>([
    ['no value', (cache) => cache.getOrSet('a', () => undefined), 'absent'],
    ['skipStore()', (cache) => cache.getOrSet('a', ({ skipStore }) => (skipStore(), 1)), 'skipped'],
    ['a value of no storable kind', (cache) => cache.getOrSet('a', () => () => 1), 'unstorable'],
    [
      'a change of the key meanwhile',
      (cache) => cache.getOrSet('a', async () => (await cache.delete('a'), 1)),
      'superseded',
    ],
  ])('tells why a value was not stored: %s', async (_what, run, notStored) => {
    const { cache, tracer } = traced();
    cache.on('error', () => undefined);
    await run(cache);

    expect(tracer.loads[0]).toMatchObject({ from: 'loader', stored: false, notStored, ttl: undefined });
  });

  it('tells that a call was answered with a stale value', async () => {
    let now = 0;
    const { cache, tracer } = traced(1, { advanced: { clock: { now: () => now } } });
    await cache.set('a', 'old', { ttl: 1, grace: 60 });
    now = 2000;
    const got = await cache.getOrSet('a', () => Promise.reject(new Error('origin')), { grace: 60 });

    expect(got).toBe('old');
    expect(tracer.calls.at(-1)).toMatchObject({ stale: true, hit: false });
    expect(tracer.loads[0]).toMatchObject({ from: 'stale', stored: undefined });
  });

  it('traces a loader of many keys as one load', async () => {
    const { cache, tracer } = traced();
    await cache.set('a', 1);
    await cache.getOrSetMany(['a', 'b', 'c'], (missing) => missing.map(() => 2));

    expect(tracer.loads).toHaveLength(1);
    expect(tracer.loads[0]).toMatchObject({ keys: ['b', 'c'], keyCount: 2, key: undefined, from: 'loader' });
    expect(tracer.calls.at(-1)).toMatchObject({ operation: 'getOrSetMany', hits: 1, misses: 2 });
  });

  it.each([
    ['unobserved', {}],
    ['with a monitor', { monitor: { recordCacheOperationTime: () => undefined, sampleEvery: 7 } }],
  ])('samples L1 hits, and says how many one stands for: %s', async (_what, options) => {
    const { cache, tracer } = traced(10, options);
    await cache.set('a', 1, { tags: ['t'] });
    for (let i = 0; i < 500; i++) {
      await cache.get('a');
      await cache.getOrSet('a', () => 2);
      // Misses between hits do not begin the interval anew.
      if (i % 3 === 0) await cache.get('missing');
    }

    const hits = hitsOf(tracer);
    // Misses count down, too.
    expect(hits.length).toBeGreaterThanOrEqual(80);
    expect(hits.length).toBeLessThanOrEqual(120);
    expect(new Set(hits.map(({ sampleEvery }) => sampleEvery))).toEqual(new Set([10]));
    expect(tracer.calls.filter(({ hit }) => hit === false)).toHaveLength(167);
    expect(cache.stats()).toMatchObject({ hits: 1000, misses: 167 });
  });

  it('samples L1 hits also while every hit is attributed to a request', async () => {
    const { cache, tracer } = traced(10);
    await cache.set('a', 1);
    await activity.run(emptyActivity(), async () => {
      for (let i = 0; i < 100; i++) await cache.get('a');
    });
    activity.enabled = false;

    expect(hitsOf(tracer)).toHaveLength(10);
  });

  it('traces no L1 hit with sampleEvery 0, and all other calls', async () => {
    const { cache, tracer } = traced(0);
    await cache.set('a', 1, { tags: ['t'] });
    for (let i = 0; i < 5000; i++) await cache.get('a');
    await cache.get('missing');

    expect(tracer.calls.map(({ operation, hit }) => [operation, hit])).toEqual([
      ['set', undefined],
      ['get', false],
    ]);
  });

  it('counts one call of getMany as one hit', async () => {
    const { cache, tracer } = traced(10);
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    for (let i = 0; i < 100; i++) await cache.getMany(['a', 'b']);

    expect(hitsOf(tracer)).toHaveLength(10);
    expect(hitsOf(tracer)[0]).toMatchObject({ operation: 'getMany', hits: 2, keyCount: 2 });
  });

  it('ends with its uninstallation', async () => {
    const { cache, tracer, uninstall } = traced();
    await cache.get('a');
    uninstall();
    uninstall();
    await cache.get('a');
    await cache.getOrSet('a', () => 1);
    await cache.get('a');

    expect(tracer.calls).toHaveLength(1);
    expect(tracer.loads).toEqual([]);
  });

  it('nests several tracers', async () => {
    const { cache, tracer } = traced();
    const other = new NotingTracer();
    cache.traceWith(other);
    await cache.getOrSet('a', () => 1);

    expect([tracer, other].map(({ calls, loads }) => [calls.length, loads.length])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  const fails = (): never => {
    throw new Error('tracer');
  };
  it.each<[string, CacheTracer]>([
    ['throws', { sampleEvery: 1, wantsHit: fails, call: fails, load: fails, ended: fails }],
    ['throws at an end', { sampleEvery: 1, call: fails, load: fails, ended: fails }],
    [
      'throws after the work has begun',
      {
        sampleEvery: 1,
        call: (_, work) => (void work(), fails()),
        load: (_, work) => (void work(), fails()),
        ended: fails,
      },
    ],
    [
      'does not run the work',
      { sampleEvery: 1, call: () => undefined, load: () => undefined, ended: () => undefined },
    ],
    [
      'runs the work twice',
      {
        sampleEvery: 1,
        call: (_, work) => void Promise.all([work(), work()]).catch(() => undefined),
        load: (_, work) => void Promise.all([work(), work()]).catch(() => undefined),
        ended: () => undefined,
      },
    ],
  ])('gives callers their answers with a tracer that %s', async (_what, tracer) => {
    const cache = closing(new InMemoryCache());
    cache.traceWith(tracer);
    let loads = 0;

    expect(await cache.getOrSet('a', () => ++loads)).toBe(1);
    expect(await cache.getOrSet('a', () => ++loads)).toBe(1);
    expect(await cache.get('a')).toBe(1);
    await expect(cache.getOrSet('b', () => Promise.reject(new Error('origin')))).rejects.toThrow('origin');
    await cache.set('c', 1, { tags: ['t'] });
    expect(await cache.delete('c')).toBe(true);
    expect(loads).toBe(1);
  });
});
