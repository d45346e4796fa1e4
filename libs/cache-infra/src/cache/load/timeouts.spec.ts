import { jest } from '@jest/globals';

import { deferred, turn, type Deferred } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { CacheClosedError, CacheTimeoutError } from '../../base/errors.js';
import type { Cache } from '../contract/cache.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { LoadContext, LoadOptions } from '../contract/options.js';

let clock: ManualClock;
let cache: InMemoryCache;
let loader: Deferred<unknown>;
let loaderSignal: AbortSignal | undefined;
const load = ({ signal }: LoadContext): Promise<unknown> => {
  loaderSignal = signal;
  return loader.promise;
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  clock = new ManualClock();
  cache = new InMemoryCache({ advanced: { clock } });
  loader = deferred();
  loaderSignal = undefined;
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

describe('guarantee 11: softTimeout', () => {
  const soft = { ...stored, softTimeout: '100ms' } as const;

  it('serves the value past its ttl, when the loader takes longer', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(99);
    expect(caller.state).toBe('pending');
    await pass(1);
    expect(caller.state).toBe('old');
    expect(cache.stats()).toMatchObject({ staleHits: 1, loads: 1 });
  });

  it('the load continues, and its value is stored', async () => {
    await expireValue();
    const caller = call(soft);
    await pass(100);
    await caller;
    expect(loaderSignal?.aborted).toBe(false);
    loader.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('later callers join that load', async () => {
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

  it('a later failure reaches no caller', async () => {
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

  it('0: no caller waits for a new value while an old one is at hand', async () => {
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

  it('an abort of a served caller does not end the load', async () => {
    await expireValue();
    const controller = new AbortController();
    const caller = call({ ...soft, signal: controller.signal });
    await pass(100);
    await expect(caller).resolves.toBe('old');
    controller.abort();
    expect(loaderSignal?.aborted).toBe(false);
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
    expect(loaderSignal?.aborted).toBe(true);
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

describe('guarantee 11: hardTimeout', () => {
  const hard = { ...stored, hardTimeout: '100ms' } as const;

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
    expect(loaderSignal?.aborted).toBe(false);
    loader.resolve('new');
    await expect(patient).resolves.toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('the last one to leave aborts the loader, and the next caller starts anew', async () => {
    const caller = call(hard);
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    expect(loaderSignal?.aborted).toBe(true);
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

  it('softTimeout first: the value, and the load continues', async () => {
    await expireValue();
    const caller = call({ ...hard, softTimeout: '50ms' });
    await pass(50);
    await expect(caller).resolves.toBe('old');
    await pass(49);
    expect(loaderSignal?.aborted).toBe(false);
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
    const own = new InMemoryCache({ advanced: { clock }, hardTimeout: '100ms' });
    const caller = call({}, own);
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    await own.close();
  });
});

describe('T25: a loader that hangs holds its key for hardTimeout, whether callers are served or not', () => {
  const hanging = { ...stored, softTimeout: '20ms', hardTimeout: '150ms' } as const;

  it('T25: the limit of a served caller still applies: the loader aborts, and the next call loads', async () => {
    await expireValue();
    const caller = call(hanging);
    await pass(20);
    await expect(caller).resolves.toBe('old');
    await pass(129);
    expect(loaderSignal?.aborted).toBe(false);
    await pass(1);
    expect(loaderSignal?.aborted).toBe(true);
    expect(loaderSignal?.reason).toBeInstanceOf(CacheTimeoutError);
    await expect(cache.getOrSet('key', () => 'new', hanging)).resolves.toBe('new');
  });

  it('T25: with hardTimeout alone, too', async () => {
    await expireValue();
    const caller = call({ ...stored, hardTimeout: '150ms' });
    await pass(150);
    await expect(caller).resolves.toBe('old');
    expect(loaderSignal?.aborted).toBe(true);
    await expect(cache.getOrSet('key', () => 'new', stored)).resolves.toBe('new');
  });

  it('T25: callers that come all the time do not prolong it', async () => {
    await expireValue();
    const callers = [call(hanging)];
    for (let ms = 0; ms < 150; ms += 10) {
      await pass(10);
      callers.push(call(hanging));
    }
    expect(cache.stats().loads).toBe(2);
    loader.resolve('new');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['old', 'new']));
  });

  it('T25: all of many callers whose time is up at once get the value past its ttl', async () => {
    await expireValue();
    const callers = Array.from({ length: 100 }, () => call({ ...stored, hardTimeout: '100ms' }));
    await pass(100);
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['old']));
    expect(loaderSignal?.aborted).toBe(true);
  });

  it('T25: a caller that joined later begins anew at the limit, with the rest of its own time', async () => {
    const first = call({ hardTimeout: '100ms' });
    await pass(60);
    const signals = [loaderSignal];
    const second = call({ hardTimeout: '100ms' });
    await pass(40);
    await expect(first).rejects.toThrow(CacheTimeoutError);
    expect(signals[0]?.aborted).toBe(true);
    expect(second.state).toBe('pending');
    expect(cache.stats().loads).toBe(2);
    loader.resolve('new');
    await expect(second).resolves.toBe('new');
  });

  it('T25: a caller that gives the load more time keeps it', async () => {
    const patient = call({ hardTimeout: '1s' });
    const caller = call({ hardTimeout: '100ms' });
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    expect(loaderSignal?.aborted).toBe(false);
    loader.resolve('new');
    await expect(patient).resolves.toBe('new');
  });

  it('T25: when the caller that allows more time leaves, the load ends', async () => {
    const controller = new AbortController();
    const patient = call({ signal: controller.signal });
    const caller = call({ ...hanging });
    await pass(150);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
    controller.abort(new Error('left'));
    await expect(patient).rejects.toThrow('left');
    expect(loaderSignal?.aborted).toBe(true);
  });
});

describe('T61: closing while calls are out', () => {
  it.each([
    ['hardTimeout', { hardTimeout: '20s' }],
    ['softTimeout', { softTimeout: '20s' }],
    ['both', { softTimeout: '10s', hardTimeout: '20s' }],
  ] as const)('T61: leaves no timer that keeps the process: %s', async (_, options) => {
    const made = jest.spyOn(globalThis, 'setTimeout');
    /** Timers that keep the process alive. */
    const keeping = (): number =>
      made.mock.results.filter(({ value }) => (value as NodeJS.Timeout).hasRef()).length;
    const caller = call(options);
    await turn();
    expect(keeping()).toBeGreaterThan(0);
    await cache.close();
    const late = call({});
    expect(keeping()).toBe(0);
    made.mockRestore();
    loader.resolve('value');
    await expect(caller).resolves.toBe('value');
    await expect(late).rejects.toThrow(CacheClosedError);
  });

  it('T61: the limits of calls still hold', async () => {
    const caller = call({ hardTimeout: '100ms' });
    await turn();
    await cache.close();
    await pass(100);
    await expect(caller).rejects.toThrow(CacheTimeoutError);
  });

  it('T61: a load without callers ends', async () => {
    await expireValue();
    const caller = call({ ...stored, softTimeout: '100ms' });
    await pass(100);
    await caller;
    await cache.close();
    expect(loaderSignal?.reason).toBeInstanceOf(CacheClosedError);
  });
});
