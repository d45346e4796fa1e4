import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ManualClock } from '../../../../../test/support/manual-clock.js';
import type { LoadContext } from '../contract/options.js';
import { InMemoryCache } from '../in-memory-cache.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ isolation: 'reference', advanced: { clock } });
});
afterEach(() => cache.close());

interface Page {
  readonly etag: string;
}
const options = { ttl: 10, grace: 60 };
const page: Page = { etag: 'one' };
const renew = ({ notModified }: LoadContext<Page>): Page => notModified();
const get = (loader = renew): Promise<Page> => cache.getOrSet<Page>('key', loader, options);

describe('notModified', () => {
  it('renews the stale entry: the same value, a new ttl', async () => {
    await cache.set('key', page, options);
    clock.advance(10_000);
    expect(await get()).toBe(page);
    expect(await cache.get('key')).toBe(page);
    expect(await cache.ttl('key')).toBe(10);
    expect(cache.stats()).toMatchObject({ loads: 1, notModified: 1, staleHits: 0 });
  });

  it('takes the ttl that the loader decides', async () => {
    await cache.set('key', page, options);
    clock.advance(10_000);
    await get(({ ttl, notModified }) => {
      ttl(30);
      return notModified();
    });
    expect(await cache.ttl('key')).toBe(30);
  });

  it('keeps the tags that the entry has, and adds those of the call', async () => {
    const users = cache.namespace('users');
    const tag = 'team 🦊'.slice(0, 6);
    const tags = ['a', 'b:c', '100 %', tag];
    for (const each of [...tags, 'new']) {
      await users.set('key', page, { ...options, tags });
      clock.advance(10_000);
      await users.getOrSet<Page>('key', renew, { ...options, tags: ['new'] });
      expect(await users.get('key')).toBe(page);
      await users.invalidateTags(each);
      expect(await users.get('key')).toBeUndefined();
    }
  });

  it('without a stale value is refused, and the caller hears of it', async () => {
    await expect(get()).rejects.toThrow('notModified() renews a stale value, and there is none');
  });

  it('asked for and not returned, another value is stored', async () => {
    await cache.set('key', page, options);
    clock.advance(10_000);
    const other = { etag: 'two' };
    await get(({ notModified }) => {
      notModified();
      return other;
    });
    expect(await cache.get('key')).toBe(other);
    expect(cache.stats().notModified).toBe(0);
  });

  it('of an invalidated entry there is no stale value', async () => {
    await cache.set('key', page, { ...options, tags: ['tag'] });
    await cache.invalidateTags('tag');
    await expect(get()).rejects.toThrow('there is none');
  });
});
