import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';

import { closingAfterEach } from '../../../../../test/support/closing.js';
import { turn } from '../../../../../test/support/deferred.js';
import { InMemoryCache } from '../in-memory-cache.js';

const closing = closingAfterEach();
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

interface Published {
  readonly event: string;
  readonly message: Record<string, unknown>;
}

/** Notes the events of a channel until the end of the test. */
function subscribed(name: string): Published[] {
  const events: Published[] = [];
  const note = (event: string) => (message: object) => {
    events.push({ event, message: message as Record<string, unknown> });
  };
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const traced = tracingChannel(name);
  traced.subscribe(subscribers);
  stops.push(() => {
    traced.unsubscribe(subscribers);
  });
  return events;
}

describe('the diagnostics channels', () => {
  it('publish a call with its facts, from its start to its end', async () => {
    const cache = closing(new InMemoryCache({ name: 'shop' }));
    const events = subscribed('nestjs-cache-infra:operation');
    await cache.set('a', 1, { ttl: 60, tags: ['t'] });
    await cache.get('missing');
    await turn();

    const [set, get] = [events.slice(0, 4), events.slice(4)];
    for (const call of [set, get])
      expect(call.map(({ event }) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(set[3]?.message).toMatchObject({ cache: 'shop', operation: 'set', key: 'a', ttl: 60 });
    expect(get[3]?.message).toMatchObject({ operation: 'get', hit: false, keyCount: 1, misses: 1 });
  });

  it('publish a load, and the error of one that fails', async () => {
    const cache = closing(new InMemoryCache());
    const loads = subscribed('nestjs-cache-infra:load');
    const calls = subscribed('nestjs-cache-infra:operation');
    const error = new Error('origin');
    await cache.getOrSet('a', () => 1);
    await expect(cache.getOrSet('b', () => Promise.reject(error))).rejects.toBe(error);
    await turn();

    expect(loads.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message)).toMatchObject([
      { key: 'a', from: 'loader', stored: true },
      { key: 'b', from: undefined, error },
    ]);
    expect(loads.filter(({ event }) => event === 'error')).toHaveLength(1);
    expect(calls.filter(({ event }) => event === 'error').map(({ message }) => message)).toMatchObject([
      { operation: 'getOrSet', key: 'b', error },
    ]);
  });

  it('publish a sample of the L1 hits', async () => {
    const cache = closing(new InMemoryCache());
    await cache.set('a', 1);
    const events = subscribed('nestjs-cache-infra:operation');
    // Until the cache has noticed its subscribers.
    for (let i = 0; i < 1024; i++) await cache.get('a');
    await turn();
    events.splice(0);
    for (let i = 0; i < 1280; i++) await cache.get('a');
    await turn();

    const ended = events.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message);
    expect(ended).toHaveLength(10);
    expect(ended[0]).toMatchObject({ operation: 'get', key: 'a', hit: true, tier: 'l1', sampleEvery: 128 });
  });

  it('bind stores to the loader and all that it awaits', async () => {
    const cache = closing(new InMemoryCache());
    const storage = new AsyncLocalStorage<string>();
    const start = channel('tracing:nestjs-cache-infra:load:start');
    start.bindStore(storage, (load) => `load of ${(load as { key: string }).key}`);
    stops.push(() => {
      start.unbindStore(storage);
    });
    const seen: unknown[] = [];
    await cache.getOrSet('a', async () => {
      seen.push(storage.getStore());
      await turn();
      seen.push(storage.getStore());
      return 1;
    });

    expect(seen).toEqual(['load of a', 'load of a']);
    expect(storage.getStore()).toBeUndefined();
  });

  it('bind stores to the loader of many keys', async () => {
    const cache = closing(new InMemoryCache());
    const storage = new AsyncLocalStorage<number>();
    const start = channel('tracing:nestjs-cache-infra:load:start');
    start.bindStore(storage, (load) => (load as { keyCount: number }).keyCount);
    stops.push(() => {
      start.unbindStore(storage);
    });
    const seen: unknown[] = [];
    await cache.getOrSetMany(['a', 'b'], (missing) => {
      seen.push(storage.getStore());
      return missing.map(() => 1);
    });

    expect(seen).toEqual([2]);
  });

  it('publish nothing once nothing is subscribed', async () => {
    const cache = closing(new InMemoryCache());
    const events = subscribed('nestjs-cache-infra:operation');
    await cache.get('a');
    await turn();
    const before = events.length;
    for (const stop of stops.splice(0)) stop();
    await cache.get('a');
    await turn();

    expect([before, events.length]).toEqual([4, 4]);
  });
});
