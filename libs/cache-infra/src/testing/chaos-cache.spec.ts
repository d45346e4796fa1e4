import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Ttl } from '../base/duration.js';
import { InfrastructureError, ValidationError } from '../base/errors.js';
import { withChaos } from './index.js';

describe("withChaos, onError 'degrade'", () => {
  it('behaves like the cache behind it until it is told to fail', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    await expect(cache.getOrSet('key', () => 2)).resolves.toBe(1);
  });

  it('failNext: the next read is a miss, the one after it a hit', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.failNext('get');
    await expect(cache.get('key')).resolves.toBeUndefined();
    await expect(cache.get('key')).resolves.toBe(1);
  });

  it('failNext: as many times as given, and only for this method', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.failNext('get', 2);
    await expect(cache.has('key')).resolves.toBe(true);
    expect([await cache.get('key'), await cache.get('key'), await cache.get('key')]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });

  it('every read of a cache that is down is a miss', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.down();
    expect(cache.chaos.isDown).toBe(true);
    await expect(cache.get('key')).resolves.toBeUndefined();
    await expect(cache.getMany(['key'])).resolves.toEqual(new Map());
    await expect(cache.has('key')).resolves.toBe(false);
    await expect(cache.ttl('key')).resolves.toBeUndefined();
  });

  it('getOrSet of a cache that is down runs one loader for all callers, and stores nothing', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 'cached');
    cache.chaos.down();
    const load = jest.fn(() => Promise.resolve('loaded'));
    await expect(
      Promise.all([cache.getOrSet('key', load), cache.getOrSet('key', load, '1m')]),
    ).resolves.toEqual(['loaded', 'loaded']);
    expect(load).toHaveBeenCalledTimes(1);
    await cache.chaos.up();
    await expect(cache.get('key')).resolves.toBe('cached');
  });

  it('getOrSetMany of a cache that is down runs its loader, and stores nothing: no null, either', async () => {
    const inner = new InMemoryCache();
    const cache = withChaos(inner);
    cache.chaos.down();
    const load = () => ({ a: 1 });
    const values = await cache.getOrSetMany<number>(['a', 'b'], load, { absent: 'null' });
    expect([...values]).toEqual([
      ['a', 1],
      ['b', null],
    ]);
    await expect(inner.getMany(['a', 'b'])).resolves.toEqual(new Map());
    await cache.chaos.up();
    await cache.getOrSetMany(['a'], load);
    await expect(inner.get('a')).resolves.toBe(1);
  });

  it('changes are repeated, in order, when it is up again', async () => {
    const inner = new InMemoryCache();
    const cache = withChaos(inner);
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    cache.chaos.down();
    await cache.set('a', 3);
    await expect(cache.delete('b')).resolves.toBe(false);
    await cache.set('c', 4);
    await expect(cache.deleteMany(['c'])).resolves.toBe(0);
    await expect(cache.invalidatePattern('z*')).resolves.toBe(0);
    await expect(cache.expire('z')).resolves.toBe(false);
    await expect(inner.getMany(['a', 'b', 'c'])).resolves.toEqual(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    await cache.chaos.up();
    await expect(inner.getMany(['a', 'b', 'c'])).resolves.toEqual(new Map([['a', 3]]));
  });

  it('a single failed change is repeated before the next call', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.failNext('delete');
    await cache.delete('key');
    await expect(cache.get('key')).resolves.toBeUndefined();
  });

  it('emits events, and counts', async () => {
    const cache = withChaos(new InMemoryCache());
    const told: unknown[] = [];
    cache.on('error', ({ operation, error }) => told.push([operation, error.message]));
    cache.on('degraded', () => told.push('degraded'));
    cache.on('recovered', () => told.push('recovered'));
    cache.chaos.down();
    cache.chaos.down();
    await cache.get('key');
    await cache.chaos.up();
    await cache.chaos.up();
    expect(told).toEqual([
      'degraded',
      ['get', 'Redis command failed (chaos): get: the cache is down'],
      'recovered',
    ]);
    expect(cache.stats().errors).toBe(1);
  });

  it('a listener can leave', async () => {
    const cache = withChaos(new InMemoryCache());
    const listener = jest.fn();
    cache.on('error', listener).off('error', listener);
    cache.chaos.failNext('get');
    await cache.get('key');
    expect(listener).not.toHaveBeenCalled();
  });

  it('reaches namespaces', async () => {
    const cache = withChaos(new InMemoryCache());
    const users = cache.namespace('users');
    await users.set('key', 1);
    cache.chaos.failNext('get');
    await expect(users.get('key')).resolves.toBeUndefined();
    await expect(users.get('key')).resolves.toBe(1);
  });

  it('reset ends all failures and delays', async () => {
    const cache = withChaos(new InMemoryCache());
    cache.chaos.failNext('get', 5);
    cache.chaos.delay('get', '100ms');
    cache.chaos.down();
    await cache.set('key', 1);
    await cache.chaos.reset();
    await expect(cache.get('key')).resolves.toBe(1);
  });

  it('bad arguments are not a failure of the backend', async () => {
    const cache = withChaos(new InMemoryCache());
    cache.chaos.failNext('getOrSet');
    await expect(cache.getOrSet('key', 'no function' as never)).rejects.toThrow(ValidationError);
  });
});

describe("withChaos, onError 'throw'", () => {
  it('a failure reaches the caller, and the change is not repeated', async () => {
    const cache = withChaos(new InMemoryCache(), { onError: 'throw' });
    cache.chaos.down();
    await expect(cache.get('key')).rejects.toThrow(InfrastructureError);
    await expect(cache.set('key', 1)).rejects.toThrow('Redis command failed (chaos): set: the cache is down');
    await expect(cache.getOrSet('key', () => 1)).rejects.toThrow(InfrastructureError);
    await cache.chaos.up();
    await expect(cache.get('key')).resolves.toBeUndefined();
  });
});

describe('withChaos, delays', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('delays each call until the delay is removed', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.delay('get', '200ms');
    const done = jest.fn();
    const slow = cache.get('key').then(done);
    await jest.advanceTimersByTimeAsync(199);
    expect(done).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await slow;
    expect(done).toHaveBeenCalledWith(1);
    cache.chaos.delay('get', 0);
    await expect(cache.get('key')).resolves.toBe(1);
  });

  it('fails a call with a delay over commandTimeout after commandTimeout', async () => {
    const cache = withChaos(new InMemoryCache(), { onError: 'throw', commandTimeout: '50ms' });
    cache.chaos.delay('get', '10s');
    const slow = expect(cache.get('key')).rejects.toThrow('no answer within 50 ms');
    await jest.advanceTimersByTimeAsync(50);
    await slow;
  });
});

describe('withChaos, wrong use', () => {
  it.each([
    [{ onError: 'ignore' }, /onError must be one of 'degrade', 'throw'/],
    [{ commandTimeout: 0 }, /commandTimeout must be longer than 0/],
    [{ onEror: 'throw' }, /onEror is not a known option.*onError/],
  ])('%j', (options, message) => {
    expect(() => withChaos(new InMemoryCache(), options as object)).toThrow(message);
  });

  it('refuses a value that is not a cache, and an invalid duration', () => {
    expect(() => withChaos(undefined as never)).toThrow('needs the cache');
    expect(() => withChaos(new InMemoryCache()).chaos.delay('get', 'soon' as string as Ttl)).toThrow(
      ValidationError,
    );
  });
});
