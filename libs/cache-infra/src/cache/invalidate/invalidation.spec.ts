import { deferred, turn } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import type { Cache } from '../contract/cache.js';
import { InMemoryCache } from '../in-memory-cache.js';

const clock = new ManualClock();
let cache: InMemoryCache;

beforeEach(() => {
  cache = new InMemoryCache({ advanced: { clock } });
});
afterEach(() => cache.close());

const invalidations: [what: string, invalidate: (target: Cache) => Promise<unknown>][] = [
  ['delete', (target) => target.delete('key')],
  ['deleteMany', (target) => target.deleteMany(['other', 'key'])],
  ['invalidateTags', (target) => target.invalidateTags('other', 'tag')],
  ['invalidatePattern', (target) => target.invalidatePattern('k?*')],
  ['clear', (target) => target.clear()],
];

describe('guarantee 1: an invalidation is never lost', () => {
  describe.each(invalidations)('%s while a loader runs', (_, invalidate) => {
    it('pitfall (bentocache, cacheable, cache-manager) the value goes to the caller and is stored nowhere', async () => {
      const loader = deferred<string>();
      const loaded = cache.getOrSet('key', () => loader.promise, { tags: ['tag'] });
      await turn();
      await invalidate(cache);
      loader.resolve('old');
      await expect(loaded).resolves.toBe('old');
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.has('key')).toBe(false);
    });

    it('a caller after it starts a new load, though the old one still runs', async () => {
      const [old, fresh] = [deferred<string>(), deferred<string>()];
      const before = cache.getOrSet('key', () => old.promise, { tags: ['tag'] });
      await turn();
      await invalidate(cache);
      const after = cache.getOrSet('key', () => fresh.promise, { tags: ['tag'] });
      fresh.resolve('fresh');
      await turn();
      old.resolve('old');
      await expect(before).resolves.toBe('old');
      await expect(after).resolves.toBe('fresh');
      expect(await cache.get('key')).toBe('fresh');
    });

    it('the old load, when it ends last, overwrites nothing', async () => {
      const old = deferred<string>();
      const before = cache.getOrSet('key', () => old.promise, { tags: ['tag'] });
      await turn();
      await invalidate(cache);
      await cache.set('key', 'newer', { tags: ['tag'] });
      old.resolve('old');
      await before;
      expect(await cache.get('key')).toBe('newer');
    });

    it('pitfall (nestjs-redisx) a finished load serves no later call', async () => {
      await cache.getOrSet('key', () => 'old', { tags: ['tag'] });
      await invalidate(cache);
      await expect(cache.getOrSet('key', () => 'fresh', { tags: ['tag'] })).resolves.toBe('fresh');
    });

    it('in a namespace it supersedes a load of that namespace', async () => {
      const users = cache.namespace('users');
      const loader = deferred<string>();
      const loaded = users.getOrSet('key', () => loader.promise, { tags: ['tag'] });
      await turn();
      await invalidate(users);
      loader.resolve('old');
      await loaded;
      expect(await users.has('key')).toBe(false);
    });

    it('a load for another key is not superseded', async () => {
      const loader = deferred<string>();
      const users = cache.namespace('users');
      const loaded = cache.getOrSet('not-this', () => loader.promise, { tags: ['not-this'] });
      await turn();
      await invalidate(users);
      loader.resolve('value');
      await loaded;
      expect(await cache.get('not-this')).toBe('value');
    });
  });

  it('a newer set while a loader runs wins', async () => {
    const loader = deferred<string>();
    const loaded = cache.getOrSet('key', () => loader.promise);
    await turn();
    await cache.set('key', 'newer');
    loader.resolve('old');
    await expect(loaded).resolves.toBe('old');
    expect(await cache.get('key')).toBe('newer');
  });

  it('a newer setMany while a loader runs wins', async () => {
    const loader = deferred<string>();
    const loaded = cache.getOrSet('key', () => loader.promise);
    await turn();
    await cache.setMany([['key', 'newer']]);
    loader.resolve('old');
    await loaded;
    expect(await cache.get('key')).toBe('newer');
  });

  it('tags that the loader itself adds are covered', async () => {
    const loader = deferred();
    const loaded = cache.getOrSet('key', async (ctx) => {
      await loader.promise;
      ctx.tags('late');
      return 'old';
    });
    await turn();
    await cache.invalidateTags('late');
    loader.resolve();
    await expect(loaded).resolves.toBe('old');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('a caller that joins after an invalidation of tags that the loader adds later gets no older value', async () => {
    const loader = deferred();
    let loads = 0;
    const load = async (ctx: { tags(...tags: string[]): void }): Promise<number> => {
      const load = ++loads;
      if (load === 1) await loader.promise;
      ctx.tags('late');
      return load;
    };
    const before = cache.getOrSet('key', load);
    await turn();
    await cache.invalidateTags('late');
    const after = cache.getOrSet('key', load);
    loader.resolve();
    await expect(before).resolves.toBe(1);
    await expect(after).resolves.toBe(2);
    expect(await cache.get('key')).toBe(2);
  });

  it('an invalidation of other tags lets the load be shared and stored', async () => {
    const loader = deferred<string>();
    let loads = 0;
    const load = (): Promise<string> => {
      loads++;
      return loader.promise;
    };
    const first = cache.getOrSet('key', load, { tags: ['tag'] });
    await turn();
    await cache.invalidateTags('unrelated');
    const second = cache.getOrSet('key', load, { tags: ['tag'] });
    loader.resolve('value');
    expect(await Promise.all([first, second])).toEqual(['value', 'value']);
    expect(loads).toBe(1);
    expect(await cache.get('key')).toBe('value');
  });

  it('an invalidation of everything above covers the namespaces below', async () => {
    const loader = deferred<string>();
    const deep = cache.namespace('a').namespace('b');
    const loaded = deep.getOrSet('key', () => loader.promise, { tags: ['tag'] });
    await turn();
    await cache.namespace('a').clear();
    loader.resolve('old');
    await loaded;
    expect(await deep.has('key')).toBe(false);
  });

  it('two invalidations and three loads: only the last value is stored', async () => {
    const loads = [deferred<number>(), deferred<number>(), deferred<number>()] as const;
    const results: Promise<number>[] = [];
    for (const [i, load] of loads.entries()) {
      results.push(cache.getOrSet('key', () => load.promise));
      await turn();
      if (i < 2) await cache.delete('key');
    }
    loads[2].resolve(2);
    loads[0].resolve(0);
    loads[1].resolve(1);
    expect(await Promise.all(results)).toEqual([0, 1, 2]);
    expect(await cache.get('key')).toBe(2);
  });

  it('from inside the loader itself', async () => {
    const value = await cache.getOrSet('key', async () => {
      await cache.delete('key');
      return 'made before the deletion';
    });
    expect(value).toBe('made before the deletion');
    expect(await cache.has('key')).toBe(false);
  });

  it('pitfall (bentocache #64) has is false after the tag was invalidated', async () => {
    await cache.set('key', 1, { tags: ['tag'] });
    await cache.invalidateTags('tag');
    expect(await cache.has('key')).toBe(false);
    expect(await cache.ttl('key')).toBeUndefined();
    expect((await cache.getMany(['key'])).size).toBe(0);
    expect(await cache.delete('key')).toBe(false);
  });

  it('pitfall (FusionCache #648) nothing brings a cleared value back', async () => {
    await cache.set('key', 'cleared');
    await cache.clear();
    await expect(cache.getOrSet('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache.get('key')).toBeUndefined();
  });
});
