import { describe, expect, it } from '@jest/globals';

import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cacheMatchers, CacheSpy, ManualClock, withChaos, type CacheMatchers } from './index.js';

declare module 'expect' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- as there
  interface Matchers<R extends void | Promise<void>, T> extends CacheMatchers {}
}

expect.extend(cacheMatchers);

describe('cacheMatchers', () => {
  it('toHaveCached: an unexpired value is cached, also null', async () => {
    const clock = new ManualClock();
    const cache = new InMemoryCache({ advanced: { clock } });
    await cache.set('key', null, '1m');
    await expect(cache).toHaveCached('key');
    await expect(cache).not.toHaveCached('other');
    clock.advance('1m');
    await expect(cache).not.toHaveCached('key');
  });

  it('toHaveCached names the expectation in its message', async () => {
    const cache = new InMemoryCache({ name: 'products' });
    await cache.set('key', 1);
    await expect(expect(cache).toHaveCached('other')).rejects.toThrow(
      "expected cache 'products' to have cached 'other'",
    );
    await expect(expect(cache).not.toHaveCached('key')).rejects.toThrow(
      "expected cache 'products' not to have cached 'key'",
    );
  });

  it('toHaveCachedValue compares as toEqual does', async () => {
    const cache = new InMemoryCache();
    await cache.set('key', { id: 7, at: new Date(0) });
    await expect(cache).toHaveCachedValue('key', { id: expect.any(Number), at: new Date(0) });
    await expect(cache).not.toHaveCachedValue('key', { id: 8 });
    await expect(cache).not.toHaveCachedValue('other', undefined);
    await expect(expect(cache).toHaveCachedValue('key', 1)).rejects.toThrow(
      /to have cached 1 under 'key', found \{ id: 7/,
    );
    await expect(expect(cache).toHaveCachedValue('other', 1)).rejects.toThrow('found nothing');
  });

  it('toHaveLoadedOnce', async () => {
    const spy = new CacheSpy();
    await spy.getOrSet('key', () => 1);
    await spy.getOrSet('key', () => 1);
    expect(spy).toHaveLoadedOnce('key');
    expect(spy).not.toHaveLoadedOnce('other');
    expect(() => expect(spy).toHaveLoadedOnce('other')).toThrow(
      "expected 'other' to have been loaded once, it was loaded 0 times",
    );
  });

  it('read the cache behind a spy or chaos: not recorded, not failing', async () => {
    const spy = new CacheSpy();
    const cache = withChaos(spy);
    await cache.set('key', 1);
    cache.chaos.down();
    await expect(cache).toHaveCached('key');
    await expect(cache).toHaveCachedValue('key', 1);
    expect(spy.calls).toHaveLength(1);
  });

  it('are typed', async () => {
    // @ts-expect-error a key is text
    await expect(expect(new InMemoryCache()).toHaveCached(7)).rejects.toThrow(
      'key must be a non-empty string',
    );
  });

  it('state in an error what they need', async () => {
    await expect((async () => expect({}).toHaveCached('key'))()).rejects.toThrow(
      'toHaveCached needs a Cache, got {}',
    );
    await expect((async () => expect(1).toHaveCachedValue('key', 1))()).rejects.toThrow(
      'needs a Cache, got 1',
    );
    expect(() => expect(new InMemoryCache()).toHaveLoadedOnce('key')).toThrow('needs a CacheSpy');
  });
});
