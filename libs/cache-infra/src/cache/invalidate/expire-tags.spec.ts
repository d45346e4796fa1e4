import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { deferred } from '../../../../../test/support/deferred.js';
import { heldLoad } from '../../../../../test/support/loads.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import type { CacheEvents } from '../contract/events.js';
import { deferInvalidations } from '../deferred-invalidations.js';
import { InMemoryCache } from '../in-memory-cache.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ advanced: { clock } });
});
afterEach(() => cache.close());

const tagged = { ttl: 60, grace: 60, tags: ['tag'] };
const down = (): never => {
  throw new Error('the origin is down');
};

describe('expireTags', () => {
  beforeEach(() => cache.set('key', 'old', tagged));

  it('makes an entry stale: reads miss, and a failed load serves it', async () => {
    await cache.expireTags('tag');
    expect([await cache.get('key'), await cache.has('key'), await cache.ttl('key')]).toEqual([
      undefined,
      false,
      undefined,
    ]);
    await expect(cache.getOrSet('key', down, tagged)).resolves.toBe('old');
  });

  it('with softTimeout 0, callers get the stale value while one load runs', async () => {
    await cache.expireTags('tag');
    const value = deferred<string>();
    let loads = 0;
    const load = (): Promise<string> => {
      loads++;
      return value.promise;
    };
    const options = { ...tagged, softTimeout: 0 };
    const served = await Promise.all([1, 2, 3].map(() => cache.getOrSet('key', load, options)));
    value.resolve('new');
    expect([served, loads]).toEqual([['old', 'old', 'old'], 1]);
    await expect(cache.getOrSet('key', load, tagged)).resolves.toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('the grace ends when it would have ended', async () => {
    await cache.expireTags('tag');
    clock.advance(119_999);
    await expect(cache.getOrSet('key', down, tagged)).resolves.toBe('old');
    clock.advance(1);
    await expect(cache.getOrSet('key', down, tagged)).rejects.toThrow('down');
  });

  it.each([
    ['without grace', { ttl: 60, tags: ['tag'] }],
    ['that never expires', { ttl: 0, grace: 60, tags: ['tag'] }],
  ])('invalidates an entry %s', async (_, options) => {
    await cache.set('key', 'old', options);
    await cache.expireTags('tag');
    await expect(cache.getOrSet('key', down, options)).rejects.toThrow('down');
  });

  it('leaves other tags, and entries that are stored later', async () => {
    await cache.set('other', 1, { ...tagged, tags: ['other'] });
    await cache.expireTags('tag');
    await cache.set('key', 'new', tagged);
    expect([await cache.get('other'), await cache.get('key')]).toEqual([1, 'new']);
  });

  it('an invalidation of the same tag still ends the grace', async () => {
    await cache.expireTags('tag');
    await cache.invalidateTags('tag');
    await expect(cache.getOrSet('key', down, tagged)).rejects.toThrow('down');
  });

  it('covers nested namespaces, and no others', async () => {
    const [users, pages] = [cache.namespace('users'), cache.namespace('pages')];
    for (const each of [users, pages]) await each.set('key', 1, tagged);
    await users.expireTags('tag');
    expect([await users.get('key'), await pages.get('key'), await cache.get('key')]).toEqual([
      undefined,
      1,
      'old',
    ]);
    await cache.expireTags('tag');
    expect(await pages.get('key')).toBeUndefined();
  });

  it('a load that began before it stores a stale value', async () => {
    await cache.delete('key');
    const load = await heldLoad(cache, tagged);
    await cache.expireTags('tag');
    load.succeed('made before');
    expect(await load.value).toBe('made before');
    expect(await cache.get('key')).toBeUndefined();
    await expect(cache.getOrSet('key', down, tagged)).resolves.toBe('made before');
  });

  it('is counted by events and hooks under its own name', async () => {
    const heard: CacheEvents['invalidate'][] = [];
    cache.on('invalidate', (event) => heard.push(event));
    await cache.expireTags('tag', 'other');
    expect(heard).toEqual([{ kind: 'expireTags', detail: ['tag', 'other'], namespace: '' }]);
  });

  it('refuses what is no tag', async () => {
    await expect(cache.expireTags('')).rejects.toThrow('tags[0]');
  });

  it('in a scope waits for its end, and hides the entry inside', async () => {
    const seen: unknown[] = [];
    await deferInvalidations(async () => {
      await cache.expireTags('tag');
      seen.push(await cache.get('key'));
      await deferInvalidations(async () => seen.push(await cache.get('key')), { separate: true });
    });
    seen.push(await cache.get('key'), await cache.getOrSet('key', down, tagged));
    expect(seen).toEqual([undefined, 'old', undefined, 'old']);
  });
});

describe('markStale', () => {
  it('is what expire was', async () => {
    await cache.set('key', 'old', tagged);
    expect(await cache.markStale('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    await expect(cache.getOrSet('key', down, tagged)).resolves.toBe('old');
    expect(await cache.markStale('key')).toBe(false);
  });
});
