import { jest } from '@jest/globals';

import { deferred, turn, type Deferred } from '../../../../test/support/deferred.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { CacheTimeoutError } from '../errors.js';
import type { Cache } from './cache.js';
import { InMemoryCache } from './in-memory-cache.js';
import type { LoadContext, LoadOptions } from './options.js';

let clock: ManualClock;
let cache: InMemoryCache;
let loader: Deferred<unknown>;
let told: AbortSignal | undefined;
const load = ({ signal }: LoadContext): Promise<unknown> => {
  told = signal;
  return loader.promise;
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  clock = new ManualClock();
  cache = new InMemoryCache({ clock });
  loader = deferred();
  told = undefined;
});
afterEach(async () => {
  await cache.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const stored = { ttl: 10, grace: 60 };

async function expireValue(): Promise<void> {
  await cache.set('key', 'old', { ...stored, tags: ['tag'] });
  clock.advance(10_000);
}

/** Time goes by, for the clock and for timers. */
async function pass(ms: number): Promise<void> {
  await turn();
  clock.advance(ms);
  jest.advanceTimersByTime(ms);
  await turn();
}

/** A promise whose state can be looked at. */
interface Caller<T> extends Promise<T> {
  state: unknown;
}

/** A call, and what has become of it by now. */
function call(options: LoadOptions, of: Cache = cache): Caller<unknown> {
  const caller = of.getOrSet('key', load, options) as Caller<unknown>;
  caller.state = 'pending';
  caller.then(
    (value) => (caller.state = value),
    (error: unknown) => (caller.state = error),
  );
  return caller;
}

describe('softTimeout', () => {
  const soft = { ...stored, softTimeout: '100ms' };

  it('serves the value past its ttl, when the loader takes longer', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(99);
    expect(caller.state).toBe('pending');
    await pass(1);
    expect(caller.state).toBe('old');
    expect(cache.stats()).toMatchObject({ staleHits: 1, loads: 1 });
  });

  it('the load goes on, and its value is stored', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(100);
    await caller;
    expect(told?.aborted).toBe(false);
    loader.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('callers that come meanwhile join that load', async () => {
    await expireValue();
    const first = call(soft);
    await pass(100);
    await first;
    const second = call(soft);
    await pass(50);
    loader.resolve('new');
    await expect(second).resolves.toBe('new');
    expect(cache.stats().loads).toBe(1);
  });

  it('a failure after it concerns nobody', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(100);
    await expect(caller).resolves.toBe('old');
    loader.reject(new Error('down'));
    await turn();
    const next = call(soft);
    await expect(next).resolves.toBe('old');
    expect(cache.stats().loads).toBe(1);
  });

  it('a loader that is faster is waited for', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(50);
    loader.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('means nothing when no value is at hand', async () => {
    const caller = call(soft);
    await pass(10_000);
    expect(caller.state).toBe('pending');
    loader.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('0: nobody ever waits for a new value while an old one is at hand', async () => {
    await expireValue();
    const caller = call({ ...stored, softTimeout: 0 });
    await pass(1);
    await expect(caller).resolves.toBe('old');
    loader.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it.each(['delete', 'invalidateTags', 'clear'] as const)(
    'after %s nothing stale is served',
    async (what) => {
      await expireValue();
      const caller = call(soft);
      await turn();
      if (what === 'clear') await cache.clear();
      else if (what === 'delete') await cache.delete('key');
      else await cache.invalidateTags('tag');
      await pass(100);
      expect(caller.state).toBe('pending');
      loader.resolve('loaded');
      await expect(caller).resolves.toBe('loaded');
    },
  );

  it('nor beyond the grace', async () => {
    await cache.set('key', 'old', { ttl: 10, grace: '50ms' });
    clock.advance(10_000);
    const caller = call(soft);
    await pass(100);
    expect(caller.state).toBe('pending');
    loader.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('an abort after it was served leaves the load alone', async () => {
    await expireValue();
    const controller = new AbortController();
    const caller = call({ ...soft, signal: controller.signal });
    await pass(100);
    await expect(caller).resolves.toBe('old');
    controller.abort();
    expect(told?.aborted).toBe(false);
    loader.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('an abort before it rejects', async () => {
    await expireValue();
    const controller = new AbortController();
    const caller = call({ ...soft, signal: controller.signal });
    await pass(50);
    controller.abort(new Error('left'));
    await expect(caller).rejects.toThrow('left');
    expect(told?.aborted).toBe(true);
  });

  it('is counted from the call, not from the start of the load', async () => {
    await expireValue();
    const first = call({ ...stored, softTimeout: '1s' });
    await pass(500);
    const second = call({ ...stored, softTimeout: '100ms' });
    await pass(100);
    expect(second.state).toBe('old');
    expect(first.state).toBe('pending');
    loader.resolve('new');
    await expect(first).resolves.toBe('new');
  });
});

describe('hardTimeout', () => {
  const hard = { ...stored, hardTimeout: '100ms' };

  it('rejects with CacheTimeoutError', async () => {
    const caller = call(hard);
    await pass(99);
    expect(caller.state).toBe('pending');
    await pass(1);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
  });

  it('others wait on, and the value is stored', async () => {
    const patient = call({});
    const caller = call(hard);
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    expect(told?.aborted).toBe(false);
    loader.resolve('new');
    await expect(patient).resolves.toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('the last one to leave aborts the loader, and the next caller starts anew', async () => {
    const caller = call(hard);
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    expect(told?.aborted).toBe(true);
    await expect(cache.getOrSet('key', () => 'new', hard)).resolves.toBe('new');
    loader.resolve('late');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('a value past its ttl is better than an error', async () => {
    await expireValue();
    const caller = call(hard);
    await pass(100);
    await expect(caller).resolves.toBe('old');
  });

  it('softTimeout first: the value, and the load goes on', async () => {
    await expireValue();
    const caller = call({ ...hard, softTimeout: '50ms' });
    await pass(50);
    await expect(caller).resolves.toBe('old');
    await pass(1000);
    expect(told?.aborted).toBe(false);
    loader.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('pitfall (others) more than 24.8 days overflows no timer', async () => {
    const caller = call({ ...stored, hardTimeout: '30d', softTimeout: '29d' });
    await pass(60_000);
    expect(caller.state).toBe('pending');
    loader.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('says which key, and how long', async () => {
    const caller = call(hard);
    await pass(100);
    await expect(caller).rejects.toThrow(/'key'.*hardTimeout \(100 ms\)/);
  });

  it("an abort of the caller's own still rejects with its reason", async () => {
    const controller = new AbortController();
    const caller = call({ ...hard, signal: controller.signal });
    await pass(50);
    controller.abort(new Error('left'));
    await expect(caller).rejects.toThrow('left');
  });

  it("the cache's own options do it, too", async () => {
    const own = new InMemoryCache({ clock, hardTimeout: '100ms' });
    const caller = call({}, own);
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    await own.close();
  });
});
