import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv as Keyv5, type KeyvStoreAdapter } from 'keyv';
import { Keyv as Keyv6 } from 'keyv-6';

import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { KeyvCacheStore } from './index.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  // Keyv looks at the time as well.
  clock = new ManualClock(Date.now());
  cache = new InMemoryCache({ advanced: { clock }, defaultTtl: 1 });
});
afterEach(() => cache.close());

/** Keyv 5 and Keyv 6, as far as they are alike. */
interface KeyvLike {
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<unknown>;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  iterator?: unknown;
  on(event: string, listener: (error: unknown) => void): unknown;
}
const versions: [string, (store: unknown, namespace?: string) => KeyvLike][] = [
  ['Keyv 5', (store, namespace) => new Keyv5({ store, namespace } as object) as KeyvLike],
  ['Keyv 6', (store, namespace) => new Keyv6({ store, namespace })],
];

describe.each(versions)('%s on a cache', (_, makeKeyv) => {
  it('stores, finds and deletes', async () => {
    const keyv = makeKeyv(new KeyvCacheStore(cache));
    await expect(keyv.set('key', { a: 1 })).resolves.toBe(true);
    await expect(keyv.get('key')).resolves.toEqual({ a: 1 });
    await expect(keyv.has('key')).resolves.toBe(true);
    await expect(keyv.delete('key')).resolves.toBe(true);
    await expect(keyv.delete('key')).resolves.toBe(false);
    await expect(keyv.has('key')).resolves.toBe(false);
  });

  it('stores many values at once, each with its own ttl', async () => {
    const keyv = makeKeyv(new KeyvCacheStore(cache));
    await keyv.setMany([
      { key: 'short', value: 1, ttl: 50 },
      { key: 'long', value: 2, ttl: 5000 },
    ]);
    clock.advance(100);
    await expect(keyv.getMany(['long', 'missing', 'short'])).resolves.toEqual([2, undefined, undefined]);
  });

  it('a ttl is in milliseconds, and the cache enforces it', async () => {
    const keyv = makeKeyv(new KeyvCacheStore(cache));
    await keyv.set('key', 1, 1500);
    clock.advance(1400);
    await expect(keyv.has('key')).resolves.toBe(true);
    clock.advance(100);
    await expect(keyv.has('key')).resolves.toBe(false);
  });

  it.each([undefined, 0])(
    'with a ttl of %s nothing expires, whatever the default of the cache',
    async (ttl) => {
      const keyv = makeKeyv(new KeyvCacheStore(cache));
      await keyv.set('key', 1, ttl);
      clock.advance(400 * 86_400_000);
      await expect(keyv.get('key')).resolves.toBe(1);
    },
  );

  it('accepts a ttl of ten years', async () => {
    const keyv = makeKeyv(new KeyvCacheStore(cache));
    await expect(keyv.set('key', 1, 3650 * 86_400_000)).resolves.toBe(true);
    await expect(keyv.get('key')).resolves.toBe(1);
  });

  it('namespaces keep apart, also when one is cleared, and when one name begins with the other', async () => {
    const users = makeKeyv(new KeyvCacheStore(cache), 'users');
    const usersAbc = makeKeyv(new KeyvCacheStore(cache), 'usersAbc');
    await users.set('key', 1);
    await usersAbc.set('key', 2);
    await users.clear();
    await expect(users.get('key')).resolves.toBeUndefined();
    await expect(usersAbc.get('key')).resolves.toBe(2);
  });

  it('clearing a namespace keeps all other entries', async () => {
    await cache.set('key', 'of the application');
    await makeKeyv(new KeyvCacheStore(cache), 'users').clear();
    await expect(cache.get('key')).resolves.toBe('of the application');
  });

  it('a value that the cache refuses is an error event, and false', async () => {
    const keyv = makeKeyv(new KeyvCacheStore(cache));
    const errors: unknown[] = [];
    keyv.on('error', (error) => errors.push(error));
    await cache.close();
    await expect(keyv.set('key', 1)).resolves.toBe(false);
    expect(errors).toHaveLength(1);
  });

  it('T42: iterates over its own namespace, with the values', async () => {
    const users = makeKeyv(new KeyvCacheStore(cache), 'users');
    await makeKeyv(new KeyvCacheStore(cache), 'usersAbc').set('other', 0);
    for (let i = 0; i < 250; i++) await users.set(`user${String(i)}`, i);
    await users.set('gone', 1, 10);
    clock.advance(10);
    const found = new Map<string, unknown>();
    const { iterator } = users as { iterator: () => AsyncIterable<[string, unknown]> };
    for await (const [key, value] of iterator.call(users)) found.set(key, value);
    expect(found.size).toBe(250);
    expect(found.get('user249')).toBe(249);
  });

  it('disconnecting closes the cache if configured so', async () => {
    await makeKeyv(new KeyvCacheStore(cache)).disconnect();
    await expect(cache.get('key')).resolves.toBeUndefined();
    await makeKeyv(new KeyvCacheStore(cache, { closeOnDisconnect: true })).disconnect();
    await expect(cache.get('key')).rejects.toThrow('is closed');
  });
});

describe('T52: deleteMany reports which keys existed', () => {
  it('Keyv 6: for each key', async () => {
    const keyv = new Keyv6({ store: new KeyvCacheStore(cache) });
    await keyv.set('a', 1);
    await expect(keyv.deleteMany(['a', 'missing'])).resolves.toEqual([true, false]);
    await expect(keyv.deleteMany(['a', 'missing'])).resolves.toEqual([false, false]);
  });

  it('Keyv 5: with one boolean', async () => {
    const keyv = new Keyv5({ store: new KeyvCacheStore(cache) });
    await keyv.set('a', 1);
    await expect(keyv.deleteMany(['a', 'missing'])).resolves.toBe(true);
    await expect(keyv.deleteMany(['a', 'missing'])).resolves.toBe(false);
  });
});

describe('KeyvCacheStore', () => {
  it('is a store for Keyv 5 by its type', () => {
    const store: KeyvStoreAdapter = new KeyvCacheStore(cache);
    expect(store).toBeDefined();
  });

  it('keeps no listener on the cache after disconnect', async () => {
    const off = jest.spyOn(cache, 'off');
    const on = jest.spyOn(cache, 'on');
    const store = new KeyvCacheStore(cache);
    new Keyv5({ store });
    await store.disconnect();
    expect(off.mock.calls).toEqual(on.mock.calls);
    expect(on).toHaveBeenCalledTimes(1);
  });

  it('reports failures of the cache to Keyv', () => {
    const listeners: ((event: { error: Error }) => void)[] = [];
    jest.spyOn(cache, 'on').mockImplementation((_event, listener) => {
      listeners.push(listener as (event: { error: Error }) => void);
      return cache;
    });
    const keyv = new Keyv5({ store: new KeyvCacheStore(cache) });
    const told = jest.fn();
    keyv.on('error', told);
    const error = new Error('Redis is away');
    listeners[0]?.({ error });
    expect(told).toHaveBeenCalledWith(error);
  });

  it('a listener that throws fails no operation', () => {
    const store = new KeyvCacheStore(cache);
    const on = jest.spyOn(cache, 'on');
    store.on('error', () => {
      throw new Error('a listener failed');
    });
    const tell = on.mock.calls[0]?.[1] as (event: object) => void;
    expect(() => tell({ error: new Error('Redis is away') })).not.toThrow();
  });

  it('passes only error events on', () => {
    const on = jest.spyOn(cache, 'on');
    new KeyvCacheStore(cache).on('clear', () => undefined);
    expect(on).not.toHaveBeenCalled();
  });

  it('treats an undefined value as absent', async () => {
    const store = new KeyvCacheStore(cache);
    await store.set('key', 1);
    await store.set('key', undefined);
    await expect(store.hasMany(['key'])).resolves.toEqual([false]);
  });

  it('works under cache-manager, with one load for concurrent calls', async () => {
    const manager = createCache({ stores: [new Keyv5({ store: new KeyvCacheStore(cache) })] });
    const load = jest.fn(() => Promise.resolve('value'));
    await expect(Promise.all([manager.wrap('key', load), manager.wrap('key', load)])).resolves.toEqual([
      'value',
      'value',
    ]);
    expect(load).toHaveBeenCalledTimes(1);
    await expect(manager.get('key')).resolves.toBe('value');
    expect(cache).toBeInstanceOf(Cache);
    expect(cache.stats().size).toBe(1);
  });
});
