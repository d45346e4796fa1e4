import { describe, expect, it } from '@jest/globals';

import { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { CacheSpy } from './index.js';

describe('CacheSpy', () => {
  it('is a cache, and answers like the cache behind it', async () => {
    const inner = new InMemoryCache({ name: 'inner', defaultTtl: 7, maxSize: 3 });
    const spy = new CacheSpy(inner);
    expect(spy).toBeInstanceOf(Cache);
    expect(spy).toMatchObject({ name: 'inner', defaultTtl: 7, maxSize: 3 });
    await spy.set('key', { a: 1 }, '5s');
    await expect(inner.get('key')).resolves.toEqual({ a: 1 });
    await expect(spy.ttl('key')).resolves.toBe(5);
    expect(spy.stats()).toEqual(inner.stats());
  });

  it('records calls and their results, in order', async () => {
    const spy = new CacheSpy();
    await spy.get('key');
    await spy.set('key', 1, '5s');
    await spy.setMany([['a', 1]]);
    await spy.get('key');
    await spy.getMany(['key', 'b']);
    await spy.has('key');
    await spy.expire('a');
    await spy.delete('key');
    await spy.deleteMany(['key']);
    await spy.invalidateTags('x', 'y');
    await spy.invalidatePattern('a*');
    await spy.clear();

    expect(spy.calls).toEqual([
      { operation: 'get', args: ['key'], namespace: [], hit: false, result: undefined },
      { operation: 'set', args: ['key', 1, '5s'], namespace: [], result: undefined },
      { operation: 'setMany', args: [[['a', 1]]], namespace: [], result: undefined },
      { operation: 'get', args: ['key'], namespace: [], hit: true, result: 1 },
      { operation: 'getMany', args: [['key', 'b']], namespace: [], result: new Map([['key', 1]]) },
      { operation: 'has', args: ['key'], namespace: [], hit: true, result: true },
      { operation: 'expire', args: ['a'], namespace: [], result: true },
      { operation: 'delete', args: ['key'], namespace: [], result: true },
      { operation: 'deleteMany', args: [['key']], namespace: [], result: 0 },
      { operation: 'invalidateTags', args: ['x', 'y'], namespace: [], result: undefined },
      { operation: 'invalidatePattern', args: ['a*'], namespace: [], result: 0 },
      { operation: 'clear', args: [], namespace: [], result: undefined },
    ]);
  });

  it('tells a hit of getOrSetMany from a load, and counts a load for each missing key', async () => {
    const spy = new CacheSpy();
    const load = (missing: readonly string[]) => missing.map((key) => `${key}!`);
    await spy.getOrSetMany(['a', 'b'], load);
    await spy.getOrSetMany(['b', 'c'], load, '1m');
    await spy.getOrSetMany(['a', 'c'], load);

    expect(spy.callsOf('getOrSetMany').map(({ hit }) => hit)).toEqual([false, false, true]);
    expect(spy.loads.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(spy.callsOf('getOrSetMany')[1]).toMatchObject({ args: [['b', 'c'], load, '1m'], namespace: [] });
  });

  it('distinguishes hits, loads and joined loads of getOrSet', async () => {
    const spy = new CacheSpy();
    const load = () => Promise.resolve('value');
    await Promise.all([spy.getOrSet('key', load), spy.getOrSet('key', load)]);
    await spy.getOrSet('key', load, '1m');

    expect(spy.callsOf('getOrSet').map(({ hit }) => hit)).toEqual([false, false, true]);
    expect(spy.loads).toEqual([{ key: 'key', namespace: [] }]);
    expect(spy.loadsOf('key')).toBe(1);
    expect(spy.loadsOf('other')).toBe(0);
  });

  it('records a failure', async () => {
    const spy = new CacheSpy();
    const failure = new Error('no value');
    await expect(spy.getOrSet('key', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(spy.calls).toEqual([
      { operation: 'getOrSet', args: ['key', expect.any(Function)], namespace: [], error: failure },
    ]);
  });

  it('leaves bad arguments to the cache', async () => {
    const spy = new CacheSpy();
    await expect(spy.getOrSet('key', 'no function' as never)).rejects.toThrow('loader must be a function');
    expect(spy.calls).toMatchObject([{ operation: 'getOrSet', error: expect.any(Error) }]);
  });

  it('records the calls of its namespaces as well', async () => {
    const spy = new CacheSpy();
    const users = spy.namespace('users');
    await users.namespace('eu').set('key', 1);
    await users.getOrSet('key', () => 1);
    await spy.getOrSet('key', () => 1);
    expect(spy.calls.map(({ namespace }) => namespace)).toEqual([['users', 'eu'], ['users'], []]);
    expect([spy.loadsOf('key'), users.loadsOf('key')]).toEqual([1, 1]);
  });

  it('clears its record on demand, and keeps the entries', async () => {
    const spy = new CacheSpy();
    await spy.getOrSet('key', () => 1);
    spy.reset();
    expect([spy.calls, spy.loads]).toEqual([[], []]);
    await expect(spy.get('key')).resolves.toBe(1);
  });

  it('passes listeners and close() on', async () => {
    const inner = new InMemoryCache();
    const spy = new CacheSpy(inner);
    const keys: string[] = [];
    const listener = ({ key }: { key: string }) => keys.push(key);
    spy.on('set', listener);
    await inner.set('a', 1);
    spy.off('set', listener);
    await inner.set('b', 1);
    expect(keys).toEqual(['a']);
    await spy.close();
    await expect(inner.get('a')).rejects.toThrow('is closed');
  });
});
