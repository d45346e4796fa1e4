import { jest } from '@jest/globals';

import { turn } from '../../../../../test/support/deferred.js';
import { CacheEmitter } from './emitter.js';
import type { CacheEventName, CacheEvents } from '../contract/events.js';
import { InMemoryCache } from '../in-memory-cache.js';

let cache: InMemoryCache;
beforeEach(() => {
  cache = new InMemoryCache({ maxSize: 2 });
});
afterEach(() => cache.close());

function received<E extends CacheEventName>(event: E): CacheEvents[E][] {
  const events: CacheEvents[E][] = [];
  cache.on(event, (payload) => {
    events.push(payload);
  });
  return events;
}

describe('events', () => {
  it('hit and miss, with the key as the caller gave it and the tier', async () => {
    const [hits, misses] = [received('hit'), received('miss')];
    const users = cache.namespace('users');
    await users.set('1', 'a');
    await users.get('1');
    await users.get('2');
    await cache.getMany(['1']);
    await users.getOrSet('1', () => 'b');
    await users.getOrSet('3', () => 'c');
    expect(hits).toEqual([
      { key: '1', tier: 'l1' },
      { key: '1', tier: 'l1' },
    ]);
    expect(misses.map(({ key }) => key)).toEqual(['2', '1', '3']);
  });

  it('every hit, also after many without a listener', async () => {
    await cache.set('a', 1);
    for (let i = 0; i < 5; i++) await cache.get('a');
    const hits = received('hit');
    for (let i = 0; i < 5; i++) await cache.get('a');
    expect(hits).toHaveLength(5);
  });

  it('set and delete', async () => {
    const [sets, deletes] = [received('set'), received('delete')];
    await cache.set('a', 1);
    await cache.setMany([['b', 2]]);
    await cache.getOrSet('c', () => 3);
    await cache.delete('a');
    await cache.deleteMany(['b', 'x']);
    expect(sets.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(deletes.map(({ key }) => key)).toEqual(['a', 'b', 'x']);
  });

  it('invalidate: kind, detail and namespace', async () => {
    const events = received('invalidate');
    await cache.invalidateTags('x', 'y');
    await cache.namespace('users').namespace('eu').invalidateTags('x');
    await cache.invalidatePattern('user:*');
    await cache.namespace('users').clear();
    expect(events).toEqual([
      { kind: 'tags', detail: ['x', 'y'], namespace: '' },
      { kind: 'tags', detail: ['x'], namespace: 'users/eu' },
      { kind: 'pattern', detail: ['user:*'], namespace: '' },
      { kind: 'clear', detail: ['users'], namespace: 'users' },
    ]);
  });

  it('evict, with the key as the caller gave it', async () => {
    const events = received('evict');
    const users = cache.namespace('users');
    for (const key of ['1', '2', '3']) await users.set(key, key);
    await cache.set('\0odd', 1);
    await cache.set('x', 1);
    await cache.set('y', 1);
    expect(events.map(({ key }) => key)).toEqual(['1', '2', '3', '\0odd']);
  });

  it('leaving by itself or by deletion is no eviction', async () => {
    const events = received('evict');
    await cache.set('a', 1);
    await cache.set('a', 2);
    await cache.delete('a');
    await cache.set('b', 1);
    await cache.clear();
    expect(events).toEqual([]);
  });

  it('off ends it, and on and off give the cache back', async () => {
    const listener = jest.fn();
    expect(cache.on('miss', listener)).toBe(cache);
    await cache.get('a');
    expect(cache.off('miss', listener)).toBe(cache);
    expect(cache.off('miss', listener)).toBe(cache);
    await cache.get('a');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('a listener added twice is called once; one that removes itself disturbs no other', async () => {
    const other = jest.fn();
    const once = jest.fn(() => {
      cache.off('miss', once);
    });
    cache.on('miss', once).on('miss', once).on('miss', other);
    await cache.get('a');
    await cache.get('a');
    expect(once).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(2);
  });

  it('a namespace and its cache emit the same events', async () => {
    const listener = jest.fn();
    cache.namespace('users').on('set', listener);
    await cache.set('a', 1);
    expect(listener).toHaveBeenCalledWith({ key: 'a' });
  });

  it('none after close', async () => {
    const misses = received('miss');
    await cache.close();
    await cache.get('a').catch(() => undefined);
    expect(misses).toEqual([]);
  });
});

describe('guarantee 9: a listener cannot hurt', () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => {
    unhandled.push(reason);
  };
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', onUnhandled);
  });
  afterEach(async () => {
    await turn();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('listener');
      },
    ],
    ['rejects', () => Promise.reject(new Error('listener'))],
    ['hangs', () => new Promise(() => undefined)],
  ] as [string, () => void][])('one that %s', async (_, listener) => {
    const other = jest.fn();
    for (const event of ['hit', 'miss', 'set', 'delete', 'invalidate', 'evict'] as const) {
      cache.on(event, listener);
      cache.on(event, other);
    }
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    expect(await cache.get('c')).toBe('c');
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.delete('c')).toBe(true);
    await cache.clear();
    await turn();
    expect(other).toHaveBeenCalledTimes(3 + 1 + 1 + 1 + 1 + 1);
  });

  it("an 'error' that nobody listens to ends no process", () => {
    const emitter = new CacheEmitter();
    expect(() => {
      emitter.emit('error', { operation: 'get', error: new Error('backend') });
    }).not.toThrow();
  });
});
