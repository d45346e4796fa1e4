import { deferred, turn } from '../../../../test/support/deferred.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { Cache } from './contract/cache.js';
import { deferInvalidations } from './deferred-invalidations.js';
import { InMemoryCache } from './in-memory-cache.js';

const clock = new ManualClock();
let cache: InMemoryCache;

beforeEach(async () => {
  cache = new InMemoryCache({ advanced: { clock } });
  await cache.set('key', 'old', { tags: ['tag'], grace: 60 });
  await cache.set('other', 'kept', { tags: ['other'] });
});
afterEach(() => cache.close());

const invalidations: [what: string, invalidate: (target: Cache) => Promise<unknown>, answer: unknown][] = [
  ['delete', (target) => target.delete('key'), false],
  ['deleteMany', (target) => target.deleteMany(['none', 'key']), 0],
  ['expire', (target) => target.expire('key'), false],
  ['invalidateTags', (target) => target.invalidateTags('none', 'tag'), undefined],
  ['invalidatePattern', (target) => target.invalidatePattern('k?*'), 0],
  ['clear', (target) => target.clear(), undefined],
  ['set', (target) => target.set('key', 'uncommitted'), undefined],
  ['setMany', (target) => target.setMany([['key', 'uncommitted']], 60), undefined],
];

const rolledBack = new Error('rolled back');

/** Runs `work` in a scope that rejects. */
async function rollBack(work: () => Promise<unknown>): Promise<void> {
  const scope = deferInvalidations(async () => {
    await work();
    throw rolledBack;
  });
  await expect(scope).rejects.toBe(rolledBack);
}

describe.each(invalidations)('guarantee 20: deferInvalidations: %s', (_, invalidate, answer) => {
  it('takes effect when the work resolves, and not before', async () => {
    const [marked, committed] = [deferred(), deferred()];
    const scope = deferInvalidations(async () => {
      expect(await invalidate(cache)).toBe(answer);
      marked.resolve();
      await committed.promise;
      return 'result';
    });
    await marked.promise;
    expect(await cache.get('key')).toBe('old');
    committed.resolve();
    expect(await scope).toBe('result');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('is dropped when the work rejects', async () => {
    await rollBack(() => invalidate(cache));
    expect(await cache.get('key')).toBe('old');
  });

  it('hides the value from every read in the scope', async () => {
    await rollBack(async () => {
      expect(await cache.get('key')).toBe('old');
      await invalidate(cache);
      expect(await cache.get('key')).toBeUndefined();
      expect([...(await cache.getMany(['key'])).keys()]).toEqual([]);
      expect(await cache.has('key')).toBe(false);
      expect(await cache.ttl('key')).toBeUndefined();
      expect(await cache.look('key')).toBeUndefined();
      expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
      expect([...(await cache.getOrSetMany(['key'], () => ['loaded']))]).toEqual([['key', 'loaded']]);
    });
  });

  it('the scope loads, and stores nothing', async () => {
    await rollBack(async () => {
      await invalidate(cache);
      expect(await cache.getOrSet('key', () => 'uncommitted', { tags: ['tag'] })).toBe('uncommitted');
      expect(await cache.getOrSet('key', () => 'again')).toBe('again');
    });
    expect(await cache.get('key')).toBe('old');
    expect(cache.stats().sets).toBe(2);
  });

  it('the scope joins no load of a caller outside, and no such caller joins its load', async () => {
    const [outside, inside] = [deferred<string>(), deferred<string>()];
    const forced = { forceRefresh: true };
    const before = cache.getOrSet('key', () => outside.promise, forced);
    const scope = deferInvalidations(async () => {
      await invalidate(cache);
      return cache.getOrSet('key', () => inside.promise);
    });
    await turn();
    const later = cache.getOrSet('key', () => 'another load', forced);
    inside.resolve('uncommitted');
    expect(await scope).toBe('uncommitted');
    outside.resolve('old');
    expect(await before).toBe('old');
    expect(await later).not.toBe('uncommitted');
  });

  it('a load from before the commit that ends after it stores nothing', async () => {
    await cache.delete('key');
    const outside = deferred<string>();
    const committed = deferred();
    const scope = deferInvalidations(async () => {
      await invalidate(cache);
      await committed.promise;
    });
    const loaded = cache.getOrSet('key', () => outside.promise, { tags: ['tag'] });
    await turn();
    committed.resolve();
    await scope;
    outside.resolve('old');
    expect(await loaded).toBe('old');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('a value that was loaded between the call and the commit is gone after the commit', async () => {
    const [marked, committed] = [deferred(), deferred()];
    await cache.delete('key');
    const scope = deferInvalidations(async () => {
      await invalidate(cache);
      marked.resolve();
      await committed.promise;
    });
    await marked.promise;
    expect(await cache.getOrSet('key', () => 'old', { tags: ['tag'] })).toBe('old');
    expect(await cache.get('key')).toBe('old');
    committed.resolve();
    await scope;
    expect(await cache.get('key')).toBeUndefined();
  });

  it('reaches a namespace, and hides its keys alone', async () => {
    const shop = cache.namespace('shop');
    await shop.set('key', 'old', { tags: ['tag'] });
    await deferInvalidations(async () => {
      await invalidate(cache.namespace('shop'));
      expect(await shop.get('key')).toBeUndefined();
      expect(await cache.get('key')).toBe('old');
    });
    expect(await shop.get('key')).toBeUndefined();
    expect(await cache.get('key')).toBe('old');
  });

  it('in a closed cache rejects', async () => {
    await cache.close();
    await expect(deferInvalidations(() => invalidate(cache))).rejects.toThrow('closed');
  });
});

describe('guarantee 20: deferInvalidations', () => {
  it('carries out each invalidation once, in the order of the calls', async () => {
    const events: unknown[] = [];
    cache.on('delete', ({ key }) => events.push(key));
    cache.on('invalidate', ({ kind, detail }) => events.push([kind, ...detail]));
    await deferInvalidations(async () => {
      await cache.delete('b');
      await cache.deleteMany(['a', 'b']);
      await cache.invalidateTags('t', 'u');
      await cache.invalidateTags('t');
      await cache.invalidatePattern('x*');
      await cache.invalidatePattern('x*');
      await cache.delete('c');
      expect(events).toEqual([]);
    });
    expect(events).toEqual(['b', 'a', ['tags', 't', 'u'], 'c', ['pattern', 'x*']]);
  });

  it('a set in the scope, then a delete: one delete', async () => {
    let deletes = 0;
    cache.on('delete', () => deletes++);
    await deferInvalidations(async () => {
      await cache.set('key', 1);
      await cache.delete('key');
    });
    expect(deletes).toBe(1);
  });

  it('serves hits that the scope has not invalidated, and counts them', async () => {
    const before = cache.stats();
    await deferInvalidations(async () => {
      await cache.invalidateTags('tag');
      expect(await cache.get('other')).toBe('kept');
      expect(await cache.getOrSet('other', () => 'loaded')).toBe('kept');
      const loaded = await cache.getOrSetMany(['key', 'other'], (missing) => missing.map(() => 'loaded'));
      expect([...loaded]).toEqual([
        ['key', 'loaded'],
        ['other', 'kept'],
      ]);
      expect(await cache.get('key')).toBeUndefined();
    });
    const after = cache.stats();
    expect(after.hits - before.hits).toBe(3);
    expect(after.misses - before.misses).toBe(2);
  });

  it('stores no value that was loaded in the scope before the invalidation', async () => {
    await cache.delete('key');
    await rollBack(async () => {
      expect(await cache.getOrSet('key', () => 'uncommitted')).toBe('uncommitted');
      await cache.delete('key');
    });
    expect(await cache.get('key')).toBeUndefined();
  });

  it('callers in the scope share a load, until the scope invalidates it', async () => {
    await deferInvalidations(async () => {
      const [first, second] = [deferred<string>(), deferred<string>()];
      const a = cache.getOrSet('new', () => first.promise, { tags: ['new'] });
      const b = cache.getOrSet('new', () => 'not run');
      await turn();
      await cache.invalidateTags('new');
      const c = cache.getOrSet('new', () => second.promise);
      first.resolve('before');
      second.resolve('after');
      expect(await Promise.all([a, b, c])).toEqual(['before', 'before', 'after']);
    });
  });

  it('a loader that waits for its own key fails', async () => {
    const own = (): Promise<unknown> => cache.getOrSet('new', own);
    await expect(deferInvalidations(own)).rejects.toThrow('new');
  });

  it('checks arguments at the call', async () => {
    const wrong: (() => Promise<unknown>)[] = [
      () => cache.delete(''),
      () => cache.deleteMany(['a', '']),
      () => cache.expire(''),
      () => cache.invalidateTags(''),
      () => cache.invalidatePattern(''),
      () => cache.set('key', undefined),
      () => cache.setMany([['', 1]]),
      () => cache.get(''),
      () => cache.getOrSet('key', 'no function' as never),
      () => cache.getOrSet('key', () => 1, { ttl: -1 }),
      () => cache.getOrSetMany(['key'], 'no function' as never),
      () => (cache.delete as (...keys: string[]) => Promise<unknown>).call(cache, 'a', 'b'),
    ];
    await deferInvalidations(async () => {
      for (const call of wrong) await expect(call()).rejects.toMatchObject({ code: 'CACHE_VALIDATION' });
    });
    await expect(deferInvalidations('work' as never)).rejects.toThrow('work must be a function');
  });

  it('a call that outlives the work takes effect at once', async () => {
    const committed = deferred();
    let late: Promise<unknown> | undefined;
    await deferInvalidations(() => {
      late = committed.promise.then(() => cache.set('key', 'new'));
    });
    committed.resolve();
    await late;
    expect(await cache.get('key')).toBe('new');
  });

  it('two scopes at the same time know nothing of each other', async () => {
    const [marked, end] = [deferred(), deferred()];
    const one = deferInvalidations(async () => {
      await cache.delete('key');
      marked.resolve();
      await end.promise;
    });
    await marked.promise;
    await deferInvalidations(async () => {
      expect(await cache.get('key')).toBe('old');
      await cache.delete('other');
    });
    expect(await cache.get('other')).toBeUndefined();
    end.resolve();
    await one;
    expect(await cache.get('key')).toBeUndefined();
  });

  it('carries out the others when an invalidation fails, and rejects', async () => {
    const other = new InMemoryCache({ name: 'other' });
    await expect(
      deferInvalidations(async () => {
        await other.delete('key');
        await cache.delete('key');
        await other.close();
      }),
    ).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('guarantee 20: a scope inside another one', () => {
  it('joins it', async () => {
    await deferInvalidations(async () => {
      await deferInvalidations(() => cache.delete('key'));
      expect(await cache.get('key')).toBeUndefined();
      await deferInvalidations(async () => {
        expect(await cache.get('key')).toBeUndefined();
      });
    });
    expect(await cache.get('key')).toBeUndefined();
  });

  it('is dropped with it', async () => {
    await rollBack(() => deferInvalidations(() => cache.delete('key')));
    expect(await cache.get('key')).toBe('old');
  });

  it('keeps its invalidations when it rejects: without a savepoint its changes are committed', async () => {
    await deferInvalidations(() => rollBack(() => cache.delete('key')));
    expect(await cache.get('key')).toBeUndefined();
  });

  it('separate: commits and rolls back on its own', async () => {
    await rollBack(async () => {
      await cache.delete('key');
      const inner = async (): Promise<void> => {
        expect(await cache.get('key')).toBe('old');
        await cache.delete('other');
      };
      await deferInvalidations(inner, { separate: true });
      expect(await cache.get('other')).toBeUndefined();
      expect(await cache.get('key')).toBeUndefined();
    });
    expect(await cache.get('key')).toBe('old');
  });
});
