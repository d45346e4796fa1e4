import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createCache as createTheirs } from 'cache-manager';

import {
  cacheManagerContract,
  type CacheManagerLike,
} from '../../../../test/support/cache-manager-contract.js';
import { deferred, turn } from '../../../../test/support/deferred.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { InMemoryCacheOptions } from '../cache/contract/cache-options.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { SerializationError, ValidationError } from '../base/errors.js';
import { CacheSpy } from '../testing/cache-spy.js';
import { createCache } from './index.js';

const open: InMemoryCache[] = [];
const infra = (options: InMemoryCacheOptions = {}) => {
  const cache = new InMemoryCache(options);
  open.push(cache);
  return cache;
};
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
});

describe('cache-manager 7.2.9 itself keeps the contract', () => {
  cacheManagerContract((options) => createTheirs(options as object) as unknown as CacheManagerLike);
});

describe('compat keeps the contract of cache-manager (issue: shown by 2)', () => {
  cacheManagerContract((options) =>
    createCache({ ...options, cache: infra({ advanced: { clock: { now: () => Date.now() } } }) }),
  );
});

describe('wrap', () => {
  it('T27: callers that joined a load get its fresh value, and start no other load', async () => {
    const cache = createCache({ cache: infra() });
    const gate = deferred();
    let runs = 0;
    const call = () => cache.wrap('key', () => gate.promise.then(() => ++runs), 100, 500);
    const calls = [call(), call(), call()];
    gate.resolve();
    expect(await Promise.all(calls)).toEqual([1, 1, 1]);
    await turn();
    expect(runs).toBe(1);
  });

  it('T27: a hit within the threshold still refreshes', async () => {
    const cache = createCache({ cache: infra() });
    let runs = 0;
    const call = () => cache.wrap('key', () => ++runs, 100, 500);
    await call();
    expect(await call()).toBe(1);
    await turn();
    expect(runs).toBe(2);
  });

  it.each([
    ['a function', () => () => 1],
    [
      'a circle',
      () => {
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      },
    ],
    ['a RegExp', () => /a/],
  ])('T7: %s is returned to all callers, with one warning', async (_, make) => {
    const warn = jest.spyOn(Logger, 'warn').mockReturnValue(undefined);
    const cache = createCache({ cache: infra() });
    const made = make();
    const call = () => cache.wrap('key', () => made as unknown);
    expect(await Promise.all([call(), call()])).toEqual([made, made]);
    expect(await call()).toBe(made);
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/^wrap\(\) of "key": the value is not stored/),
    ]);
    warn.mockRestore();
  });

  it('T7: an error of the function is thrown', async () => {
    const cache = createCache({ cache: infra() });
    const fail = () => Promise.reject(new SerializationError('of its own'));
    await expect(cache.wrap('key', fail)).rejects.toThrow('of its own');
  });
});

describe('compat beyond the contract', () => {
  it('shares its entries with the underlying cache, which counts in seconds', async () => {
    const cache = infra();
    const compat = createCache({ cache });
    await compat.set('from compat', 1, 5000);
    await cache.set('from the cache', 2, 5);
    await expect(cache.get('from compat')).resolves.toBe(1);
    await expect(cache.ttl('from compat')).resolves.toBe(5);
    await expect(compat.get('from the cache')).resolves.toBe(2);
  });

  it('takes its time from the clock of the cache', async () => {
    const clock = new ManualClock();
    const compat = createCache({ cache: infra({ advanced: { clock } }) });
    await compat.set('key', 1, 1500);
    clock.advance(1499);
    await expect(compat.get('key')).resolves.toBe(1);
    clock.advance(1);
    await expect(compat.get('key')).resolves.toBeUndefined();
  });

  it('pitfall (cache-manager) a delete during a running wrap wins', async () => {
    const compat = createCache({ cache: infra() });
    const wrapped = compat.wrap('key', async () => {
      await compat.del('key');
      return 'from before';
    });
    await expect(wrapped).resolves.toBe('from before');
    await expect(compat.get('key')).resolves.toBeUndefined();
  });

  it('pitfall (cache-manager) changing a returned value changes no other caller’s', async () => {
    const compat = createCache({ cache: infra() });
    await compat.set('key', { list: [1] });
    (await compat.get<{ list: number[] }>('key'))?.list.push(2);
    await expect(compat.get('key')).resolves.toEqual({ list: [1] });
  });

  it('pitfall (cache-manager) a listener that throws fails no operation', async () => {
    const compat = createCache({ cache: infra() });
    compat.on('set', () => {
      throw new Error('a listener failed');
    });
    await expect(compat.set('key', 1)).resolves.toBe(1);
  });

  it('a failure reaches listeners and the caller', async () => {
    const compat = createCache({ cache: infra() });
    const told = jest.fn();
    for (const event of ['set', 'mset', 'get', 'mget', 'ttl', 'del', 'mdel', 'clear'] as const)
      compat.on(event, told);
    await expect(compat.set('key', () => 1)).rejects.toThrow(SerializationError);
    await expect(compat.mset([{ key: 'key', value: () => 1 }])).rejects.toThrow(SerializationError);
    for (const cache of open.splice(0)) await cache.close();
    await expect(compat.get('key')).rejects.toThrow('is closed');
    await expect(compat.mget(['key'])).rejects.toThrow('is closed');
    await expect(compat.ttl('key')).rejects.toThrow('is closed');
    await expect(compat.del('key')).rejects.toThrow('is closed');
    await expect(compat.mdel(['key'])).rejects.toThrow('is closed');
    await expect(compat.clear()).rejects.toThrow('is closed');
    expect(told).toHaveBeenCalledTimes(8);
  });

  it('disconnect closes a cache that compat created, but not a given one', async () => {
    const own = createCache();
    await own.disconnect();
    await expect(own.get('key')).rejects.toThrow("Cache 'cache-manager' is closed");

    const cache = infra();
    await createCache({ cache }).disconnect();
    await expect(cache.get('key')).resolves.toBeUndefined();
    await createCache({ cache, closeOnDisconnect: true }).disconnect();
    await expect(cache.get('key')).rejects.toThrow('is closed');
  });

  it('ttl is in whole seconds on a cache that counts in seconds', async () => {
    const compat = createCache({ cache: new CacheSpy(infra()) });
    await compat.set('key', 1, 1500);
    await expect(compat.ttl('missing')).resolves.toBeUndefined();
    const left = ((await compat.ttl('key')) ?? 0) - Date.now();
    expect(Math.abs(left - 2000)).toBeLessThan(100);
  });

  it('has one store, with the interface of Keyv', async () => {
    const compat = createCache({ cache: infra() });
    await compat.set('key', 1);
    const [store] = compat.stores;
    await expect(store?.get('key')).resolves.toBe(1);
  });

  it('T42: lists keys by its store, for applications that search for their keys', async () => {
    const compat = createCache({});
    await compat.set('snapshot-u1', 1);
    await compat.set('other', 1);
    const keys: string[] = [];
    for await (const [key] of compat.stores[0]!.iterator({})) keys.push(key);
    await compat.mdel(keys.filter((key) => key.startsWith('snapshot-u1')));
    expect(await compat.get('snapshot-u1')).toBeUndefined();
    expect(await compat.get('other')).toBe(1);
    await compat.disconnect();
  });

  it('accepts the options of cache-manager for several stores, without effect', async () => {
    const compat = createCache({ cache: infra(), nonBlocking: true, refreshAllStores: true });
    await expect(compat.set('key', 1)).resolves.toBe(1);
  });

  it('refuses stores, and names the option to use', () => {
    expect(() => createCache({ stores: [new Map()] } as object)).toThrow(
      /createCache: stores is not supported: pass a cache \(cache: …\)/,
    );
  });

  it('lists every bad option', () => {
    const options = { ttl: -1, refreshThreshold: 'soon', cacheId: '', closeOnDisconnect: 1, cache: {} };
    expect(() => createCache(options as object)).toThrow(ValidationError);
    expect(() => createCache(options as object)).toThrow(
      /ttl must be .*milliseconds.*refreshThreshold.*cacheId.*closeOnDisconnect.*cache/,
    );
  });
});
