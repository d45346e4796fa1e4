import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { Cache, CreateCacheOptions } from '../../libs/cache-infra/src/compat/index.js';
import { turn } from './deferred.js';
import { fakeDate } from './only-date.js';
import { quietFor } from './time.js';
import { until } from './until.js';

/** What cache-manager's own `Cache` and ours have in common. */
export type CacheManagerLike = Omit<Cache, 'stores' | 'on' | 'off' | 'disconnect'> & {
  on(event: string, listener: (data: never) => void): unknown;
  off(event: string, listener: (data: never) => void): unknown;
  disconnect(): Promise<unknown>;
  readonly stores: readonly { iterator?: (argument?: unknown) => AsyncIterable<[string, unknown]> }[];
};
export type ContractOptions = Pick<CreateCacheOptions, 'ttl' | 'refreshThreshold' | 'cacheId'>;

/** The README and the tests of cache-manager 7.2.9, written anew. */
export function cacheManagerContract(make: (options?: ContractOptions) => CacheManagerLike): void {
  let date: ReturnType<typeof fakeDate>;
  let cache: CacheManagerLike;
  const made: CacheManagerLike[] = [];
  const create = (options?: ContractOptions) => {
    const one = make(options);
    made.push(one);
    return one;
  };

  beforeEach(async () => {
    date = fakeDate();
    cache = create();
    await cache.clear();
  });
  afterEach(async () => {
    date.restore();
    for (const one of made.splice(0)) await one.disconnect();
  });

  describe('get and set', () => {
    it('a miss is undefined', async () => {
      expect(await cache.get('missing')).toBeUndefined();
    });

    it.each([['text'], [0], [''], [false], [null], [{ a: [1, { b: 2 }] }]])(
      '%j comes back',
      async (value) => {
        await cache.set('key', value);
        expect(await cache.get('key')).toEqual(value);
      },
    );

    it('set gives the value back', async () => {
      expect(await cache.set('key', 'value')).toBe('value');
    });

    it('undefined is not there afterwards', async () => {
      await cache.set('key', 1);
      await cache.set('key', undefined);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('a ttl is milliseconds', async () => {
      await cache.set('key', 'value', 100);
      date.advance(90);
      expect(await cache.get('key')).toBe('value');
      date.advance(20);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('the default ttl is for calls that name none', async () => {
      const withTtl = create({ ttl: 100 });
      await withTtl.set('default', 1);
      await withTtl.set('own', 1, 300);
      date.advance(200);
      expect(await withTtl.get('default')).toBeUndefined();
      expect(await withTtl.get('own')).toBe(1);
    });

    it('without a ttl, and with one of 0, nothing expires', async () => {
      const withTtl = create({ ttl: 100 });
      await cache.set('none', 1);
      await withTtl.set('zero', 1, 0);
      date.advance(1000 * 86_400_000);
      expect(await cache.get('none')).toBe(1);
      expect(await withTtl.get('zero')).toBe(1);
    });
  });

  describe('mget and mset', () => {
    it('keep the order, with undefined for what is not there', async () => {
      await cache.mset([
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ]);
      expect(await cache.mget(['b', 'missing', 'a'])).toEqual([2, undefined, 1]);
    });

    it('mset takes a ttl for each, and gives the list back', async () => {
      const list = [
        { key: 'short', value: 1, ttl: 100 },
        { key: 'long', value: 2, ttl: 1000 },
      ];
      expect(await cache.mset(list)).toEqual(list);
      date.advance(500);
      expect(await cache.mget(['short', 'long'])).toEqual([undefined, 2]);
    });
  });

  describe('ttl', () => {
    it('is when the entry expires, in milliseconds since the epoch', async () => {
      await cache.set('key', 'value', 1500);
      date.advance(250);
      const expires = (await cache.ttl('key')) ?? 0;
      expect(Math.abs(expires - (Date.now() + 1250))).toBeLessThanOrEqual(2);
    });

    it('is undefined for what never expires, and for what is not there', async () => {
      await cache.set('never', 1);
      expect(await cache.ttl('never')).toBeUndefined();
      expect(await cache.ttl('missing')).toBeUndefined();
    });
  });

  describe('del, mdel and clear', () => {
    it('del is true, whether the key was there or not', async () => {
      await cache.set('key', 1);
      expect(await cache.del('key')).toBe(true);
      expect(await cache.del('key')).toBe(true);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('mdel deletes each', async () => {
      await cache.mset([
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
        { key: 'c', value: 3 },
      ]);
      expect(await cache.mdel(['a', 'b', 'missing'])).toBe(true);
      expect(await cache.mget(['a', 'b', 'c'])).toEqual([undefined, undefined, 3]);
    });

    it('clear deletes all', async () => {
      await cache.set('a', 1);
      expect(await cache.clear()).toBe(true);
      expect(await cache.get('a')).toBeUndefined();
    });
  });

  describe('wrap', () => {
    it('runs the function on a miss, and not on a hit', async () => {
      const load = jest.fn(() => Promise.resolve('value'));
      expect(await cache.wrap('key', load)).toBe('value');
      expect(await cache.wrap('key', load)).toBe('value');
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('runs one function for calls at the same time', async () => {
      const load = jest.fn(async () => {
        await turn();
        return 'value';
      });
      const values = await Promise.all([1, 2, 3].map(() => cache.wrap('key', load)));
      expect(values).toEqual(['value', 'value', 'value']);
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('takes a function that is not async', async () => {
      expect(await cache.wrap('key', () => 1)).toBe(1);
    });

    it.each([[null], [0], [''], [false]])('%j is a value', async (value) => {
      const load = jest.fn(() => value);
      await cache.wrap('key', load);
      await cache.wrap('key', load);
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('undefined is none', async () => {
      const load = jest.fn(() => undefined);
      await cache.wrap('key', load);
      await cache.wrap('key', load);
      expect(load).toHaveBeenCalledTimes(2);
    });

    it('passes an error on, and stores nothing', async () => {
      await expect(cache.wrap('key', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
      expect(await cache.wrap('key', () => 'value')).toBe('value');
    });

    it.each<[string, unknown]>([
      ['a number', 100],
      ['a function of the value', (value: unknown) => (value as number) * 100],
      ['an option', { ttl: 100 }],
    ])('its ttl is %s', async (_: string, ttl: unknown) => {
      await cache.wrap('key', () => 1, ttl as number);
      date.advance(90);
      expect(await cache.get('key')).toBe(1);
      date.advance(20);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('takes the default ttl', async () => {
      const withTtl = create({ ttl: 100 });
      await withTtl.wrap('key', () => 1);
      date.advance(110);
      expect(await withTtl.get('key')).toBeUndefined();
    });

    it('raw gives the value with the time it expires', async () => {
      for (const call of ['miss', 'hit']) {
        const { value, expires = 0 } = await cache.wrap('key', () => call, { ttl: 5000, raw: true });
        expect(value).toBe('miss');
        expect(Math.abs(expires - (Date.now() + 5000))).toBeLessThanOrEqual(2);
      }
    });

    describe('refreshThreshold', () => {
      it.each<[string, unknown]>([
        ['a number', 300],
        ['a function of the value', () => 300],
      ])(
        'as %s: a value with less to live is made anew behind the scenes',
        async (_: string, threshold: unknown) => {
          const versions = ['first', 'second', 'third'];
          const load = jest.fn(() => Promise.resolve(versions[load.mock.calls.length - 1]));
          const wrap = () => cache.wrap('key', load, 500, threshold as number);

          await wrap();
          date.advance(150);
          expect(await wrap()).toBe('first');
          expect(load).toHaveBeenCalledTimes(1);
          date.advance(100);
          expect(await wrap()).toBe('first');
          await until(async () => (await cache.get('key')) === 'second', 'the new value');
          expect(await wrap()).toBe('second');
          expect(load).toHaveBeenCalledTimes(2);
          date.advance(450);
          expect(await cache.get('key')).toBe('second');
        },
      );

      it('can be a default', async () => {
        const withDefaults = create({ ttl: 500, refreshThreshold: 300 });
        const load = jest.fn(() => 'value');
        await withDefaults.wrap('key', load);
        date.advance(250);
        await withDefaults.wrap('key', load);
        await until(() => load.mock.calls.length === 2, 'the refresh');
      });

      it('without a ttl nothing is refreshed', async () => {
        const load = jest.fn(() => 'value');
        await cache.wrap('key', load, undefined, 300);
        await cache.wrap('key', load, undefined, 300);
        await quietFor(20);
        expect(load).toHaveBeenCalledTimes(1);
      });

      it('tells of a refresh', async () => {
        const refreshes: unknown[] = [];
        cache.on('refresh', (data) => refreshes.push(data));
        let version = 0;
        const wrap = () => cache.wrap('key', () => ++version, 500, 300);
        await wrap();
        date.advance(250);
        await wrap();
        await until(() => refreshes.length > 0, 'the refresh');
        expect(refreshes).toEqual([{ key: 'key', value: 2 }]);
      });

      it('tells of one that failed, and keeps the value', async () => {
        const refreshes: { error?: Error }[] = [];
        cache.on('refresh', (data) => refreshes.push(data));
        await cache.wrap('key', () => 'value', 500, 300);
        date.advance(250);
        expect(await cache.wrap('key', () => Promise.reject<string>(new Error('failed')), 500, 300)).toBe(
          'value',
        );
        await until(() => refreshes.length > 0, 'the refresh');
        expect(refreshes).toMatchObject([{ key: 'key', value: 'value', error: { message: 'failed' } }]);
        expect(await cache.get('key')).toBe('value');
      });
    });
  });

  describe('stores', () => {
    it('the iterator of the first gives the entries that have not expired, as [key, value]', async () => {
      await cache.mset<unknown>([
        { key: 'a', value: { n: 1 }, ttl: 1000 },
        { key: 'b', value: null },
        { key: 'short', value: 1, ttl: 100 },
      ]);
      date.advance(500);
      const found: [string, unknown][] = [];
      for await (const entry of cache.stores[0]?.iterator?.({}) ?? []) found.push(entry);
      expect(new Map(found)).toEqual(
        new Map<string, unknown>([
          ['a', { n: 1 }],
          ['b', null],
        ]),
      );
    });
  });

  describe('events', () => {
    it.each<[string, () => Promise<unknown>, object | undefined]>([
      ['set', () => cache.set('key', 1), { key: 'key', value: 1 }],
      ['del', () => cache.del('key'), { key: 'key' }],
      ['mget', () => cache.mget(['key']), { keys: ['key'], values: [undefined] }],
      ['mset', () => cache.mset([{ key: 'key', value: 1 }]), { list: [{ key: 'key', value: 1 }] }],
      ['mdel', () => cache.mdel(['key']), { keys: ['key'] }],
      ['clear', () => cache.clear(), undefined],
    ])('%s', async (event, act, payload) => {
      const listener = jest.fn();
      cache.on(event, listener);
      await act();
      expect(listener).toHaveBeenCalled();
      const last: unknown = listener.mock.calls.at(-1)?.[0];
      if (payload === undefined) expect(last).toBeUndefined();
      else expect(last).toMatchObject(payload);
    });

    it('get tells of a hit', async () => {
      await cache.set('key', 'value');
      const listener = jest.fn();
      cache.on('get', listener);
      await cache.get('key');
      expect(listener).toHaveBeenCalledWith(expect.objectContaining({ key: 'key', value: 'value' }));
    });

    it('off ends it', async () => {
      const listener = jest.fn();
      cache.on('set', listener);
      cache.off('set', listener);
      await cache.set('key', 1);
      expect(listener).not.toHaveBeenCalled();
    });
  });

  describe('cacheId', () => {
    it('is the one given, or a text of its own', () => {
      expect(create({ cacheId: 'mine' }).cacheId()).toBe('mine');
      expect(create().cacheId()).toEqual(expect.any(String));
      expect(create().cacheId()).not.toBe(create().cacheId());
    });
  });
}
