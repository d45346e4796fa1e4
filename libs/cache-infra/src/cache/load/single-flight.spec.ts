import { deferred, turn, type Deferred } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { LoadContext } from '../contract/options.js';

const clock = new ManualClock();
let cache: InMemoryCache;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};

beforeEach(() => {
  cache = new InMemoryCache({ advanced: { clock } });
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await cache.close();
  await turn();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

/** A loader that counts its runs, also how many run at once. */
class CountingLoader {
  runs = 0;
  running = 0;
  mostAtOnce = 0;
  readonly #pending: Deferred<unknown>[] = [];

  readonly load = async (): Promise<unknown> => {
    this.runs++;
    this.running++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    const pending = deferred<unknown>();
    this.#pending.push(pending);
    try {
      return await pending.promise;
    } finally {
      this.running--;
    }
  };

  succeed(value: unknown): void {
    for (const pending of this.#pending.splice(0)) pending.resolve(value);
  }

  fail(error: unknown): void {
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }
}

describe('guarantee 2: one load per key', () => {
  it('10,000 concurrent callers, one load', async () => {
    const loader = new CountingLoader();
    const callers = Array.from({ length: 10_000 }, () => cache.getOrSet('key', loader.load));
    await turn();
    loader.succeed('value');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
    expect(loader.runs).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, coalesced: 9999, misses: 10_000, sets: 1 });
  });

  it('10,000 concurrent callers, one failing load', async () => {
    const loader = new CountingLoader();
    const callers = Array.from({ length: 10_000 }, () => cache.getOrSet('key', loader.load));
    await turn();
    loader.fail(new Error('down'));
    const outcomes = await Promise.allSettled(callers);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(loader.runs).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1, sets: 0 });
  });

  it('pitfall (bentocache) 20 staggered callers of a failing loader: never two loads at once', async () => {
    const loader = new CountingLoader();
    const callers: Promise<string>[] = [];
    for (let i = 0; i < 20; i++) {
      callers.push(
        cache.getOrSet('key', loader.load).then(
          () => 'no failure',
          (error: unknown) => (error as Error).message,
        ),
      );
      await turn();
      // A load ends with every fourth caller: those who waited hear of it, the next one starts anew.
      if (i % 4 === 3) loader.fail(new Error(`load ${String(loader.runs)}`));
      await turn();
    }
    const messages = await Promise.all(callers);
    expect(loader.mostAtOnce).toBe(1);
    expect(loader.runs).toBe(5);
    expect(messages).toEqual(Array.from({ length: 20 }, (_, i) => `load ${String(Math.floor(i / 4) + 1)}`));
  });

  it('a failure reaches the waiting callers only: the next call loads again', async () => {
    const loader = new CountingLoader();
    const waiting = cache.getOrSet('key', loader.load);
    await turn();
    loader.fail(new Error('down'));
    await expect(waiting).rejects.toThrow('down');
    const next = cache.getOrSet('key', loader.load);
    await turn();
    loader.succeed('up');
    await expect(next).resolves.toBe('up');
  });

  it('a call from the handler of the failure starts a new load', async () => {
    let runs = 0;
    const load = (): Promise<number> =>
      ++runs === 1 ? Promise.reject(new Error('once')) : Promise.resolve(runs);
    const value = await cache.getOrSet('key', load).catch(() => cache.getOrSet('key', load));
    expect(value).toBe(2);
  });

  it('a loader that throws at once is one that fails', async () => {
    const load = (): never => {
      throw new Error('at once');
    };
    const callers = [cache.getOrSet('key', load), cache.getOrSet('key', load)];
    for (const caller of callers) await expect(caller).rejects.toThrow('at once');
  });

  it('pitfall (nestjs-redisx) a loader that fails runs once for a caller, not twice', async () => {
    let runs = 0;
    await cache
      .getOrSet('key', () => {
        runs++;
        throw new Error('down');
      })
      .catch(() => undefined);
    expect(runs).toBe(1);
  });

  it('different keys load side by side', async () => {
    const loader = new CountingLoader();
    const callers = ['a', 'b', 'c'].map((key) => cache.getOrSet(key, loader.load));
    await turn();
    expect(loader.mostAtOnce).toBe(3);
    loader.succeed(1);
    await Promise.all(callers);
  });

  it('the same key in two namespaces loads twice', async () => {
    const loader = new CountingLoader();
    const callers = ['a', 'b'].map((name) => cache.namespace(name).getOrSet('key', loader.load));
    await turn();
    expect(loader.runs).toBe(2);
    loader.succeed(1);
    await Promise.all(callers);
  });

  it('two views of one namespace share a load', async () => {
    const loader = new CountingLoader();
    const callers = [1, 2].map(() => cache.namespace('users').getOrSet('key', loader.load));
    await turn();
    expect(loader.runs).toBe(1);
    loader.succeed(1);
    await Promise.all(callers);
  });

  it('an expired value is loaded again, once', async () => {
    const loader = new CountingLoader();
    await cache.set('key', 'old', 1);
    clock.advance(1000);
    const callers = [cache.getOrSet('key', loader.load), cache.getOrSet('key', loader.load)];
    await turn();
    loader.succeed('new');
    expect(await Promise.all(callers)).toEqual(['new', 'new']);
    expect(loader.runs).toBe(1);
  });
});

describe('guarantee 2: leaving a load', () => {
  it('seed S9.110-111 an abort rejects the caller and leaves the load to the others', async () => {
    const loader = new CountingLoader();
    const controller = new AbortController();
    const leaves = cache.getOrSet('key', loader.load, { signal: controller.signal });
    const stays = cache.getOrSet('key', loader.load);
    await turn();
    controller.abort(new Error('enough'));
    await expect(leaves).rejects.toThrow('enough');
    loader.succeed('value');
    await expect(stays).resolves.toBe('value');
    expect(await cache.get('key')).toBe('value');
    expect(loader.runs).toBe(1);
  });

  it('seed S9.110-111 the last one to leave aborts the loader; nothing is stored later', async () => {
    const finished = deferred<string>();
    let loaderSignal: AbortSignal | undefined;
    const load = ({ signal }: LoadContext): Promise<string> => {
      loaderSignal = signal;
      return finished.promise;
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const callers = [first, second].map(({ signal }) => cache.getOrSet('key', load, { signal }));
    await turn();
    first.abort();
    await expect(callers[0]).rejects.toThrow();
    expect(loaderSignal?.aborted).toBe(false);
    second.abort(new Error('the last one'));
    await expect(callers[1]).rejects.toThrow('the last one');
    expect(loaderSignal?.aborted).toBe(true);
    expect(loaderSignal?.reason).toEqual(new Error('the last one'));
    finished.resolve('late');
    await turn();
    expect(await cache.has('key')).toBe(false);
    expect(cache.stats().sets).toBe(0);
  });

  it('seed S9.110-111 a time-out of the caller rejects; the abandoned load writes nothing', async () => {
    const loader = new CountingLoader();
    const timeout = cache.getOrSet('key', loader.load, { signal: AbortSignal.timeout(1) });
    await expect(timeout).rejects.toMatchObject({ name: 'TimeoutError' });
    loader.succeed('late');
    await turn();
    expect(await cache.has('key')).toBe(false);
  });

  it('a call after all callers have left starts a new load', async () => {
    const [old, fresh] = [deferred<string>(), deferred<string>()];
    const controller = new AbortController();
    const left = cache.getOrSet('key', () => old.promise, { signal: controller.signal });
    await turn();
    controller.abort(new Error('gone'));
    const after = cache.getOrSet('key', () => fresh.promise);
    fresh.resolve('fresh');
    old.resolve('old');
    await expect(left).rejects.toThrow('gone');
    await expect(after).resolves.toBe('fresh');
    expect(await cache.get('key')).toBe('fresh');
  });

  it('a signal that has aborted starts nothing', async () => {
    const loader = new CountingLoader();
    await cache.set('key', 'cached');
    const signal = AbortSignal.abort(new Error('before'));
    await expect(cache.getOrSet('other', loader.load, { signal })).rejects.toThrow('before');
    await expect(cache.getOrSet('key', loader.load, { signal })).rejects.toThrow('before');
    expect(loader.runs).toBe(0);
  });

  it('an abort while the loader starts rejects too', async () => {
    const controller = new AbortController();
    const caller = cache.getOrSet(
      'key',
      () => {
        controller.abort(new Error('from within'));
        return 'value';
      },
      { signal: controller.signal },
    );
    await expect(caller).rejects.toThrow('from within');
    expect(await cache.has('key')).toBe(false);
  });

  it('an abort after the end changes nothing, and no listener stays on the signal', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    expect(await cache.getOrSet('key', () => 'value', { signal })).toBe('value');
    await turn();
    expect(listeners).toBe(0);
    controller.abort();
    expect(await cache.get('key')).toBe('value');
  });

  it('a loader that fails because of the abort causes no error', async () => {
    const controller = new AbortController();
    const load = ({ signal }: LoadContext): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted inside'));
        });
      });
    const caller = cache.getOrSet('key', load, { signal: controller.signal });
    await turn();
    controller.abort(new Error('left'));
    await expect(caller).rejects.toThrow('left');
  });
});

describe('forceRefresh', () => {
  it('runs the loader though a value is cached, and stores the new one', async () => {
    await cache.set('key', 'old');
    expect(await cache.getOrSet('key', () => 'new', { forceRefresh: true })).toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('a failed refresh keeps the old value', async () => {
    await cache.set('key', 'old');
    const refresh = cache.getOrSet('key', () => Promise.reject(new Error('down')), { forceRefresh: true });
    await expect(refresh).rejects.toThrow('down');
    expect(await cache.get('key')).toBe('old');
  });

  it('readers keep the old value while it runs', async () => {
    const loader = deferred<string>();
    await cache.set('key', 'old');
    const refresh = cache.getOrSet('key', () => loader.promise, { forceRefresh: true });
    await turn();
    expect(await cache.getOrSet('key', () => 'never')).toBe('old');
    loader.resolve('new');
    expect(await refresh).toBe('new');
  });

  it('concurrent refreshes share one load', async () => {
    const loader = new CountingLoader();
    await cache.set('key', 'old');
    const callers = [1, 2, 3].map(() => cache.getOrSet('key', loader.load, { forceRefresh: true }));
    await turn();
    loader.succeed('new');
    expect(await Promise.all(callers)).toEqual(['new', 'new', 'new']);
    expect(loader.runs).toBe(1);
  });
});

describe('the context of a loader', () => {
  it('its key as the caller gave it, and a signal', async () => {
    const seen: unknown[] = [];
    await cache.namespace('users').getOrSet('user:1', ({ key, signal }) => {
      seen.push(key, signal instanceof AbortSignal, signal.aborted);
      return 1;
    });
    expect(seen).toEqual(['user:1', true, false]);
  });

  it('its ttl wins over the options', async () => {
    const load = (ctx: LoadContext): number => {
      ctx.ttl('5s');
      return 1;
    };
    await cache.getOrSet('key', load, 60);
    expect(await cache.ttl('key')).toBe(5);
  });

  it('its tags come on top of those in the options', async () => {
    const load = (ctx: LoadContext): number => {
      ctx.tags('b', 'c');
      return 1;
    };
    for (const tag of ['a', 'b', 'c']) {
      await cache.getOrSet('key', load, { tags: ['a', 'b'] });
      await cache.invalidateTags(tag);
      expect(await cache.has('key')).toBe(false);
    }
  });

  it('skipStore: to the callers, nowhere else', async () => {
    const loader = deferred();
    const load = async (ctx: LoadContext): Promise<string> => {
      await loader.promise;
      ctx.skipStore();
      return 'once';
    };
    const callers = [cache.getOrSet('key', load), cache.getOrSet('key', load)];
    loader.resolve();
    expect(await Promise.all(callers)).toEqual(['once', 'once']);
    expect(await cache.has('key')).toBe(false);
    expect(cache.stats()).toMatchObject({ loads: 1, sets: 0 });
  });

  it('skipStore: also a value that cannot be stored', async () => {
    const value = { close: () => undefined };
    const loaded = await cache.getOrSet('key', (ctx) => {
      ctx.skipStore();
      return value;
    });
    expect(loaded).toBe(value);
  });

  it('can be destructured', async () => {
    await cache.getOrSet('key', ({ ttl, tags }) => {
      ttl(7);
      tags('a');
      return 1;
    });
    expect(await cache.ttl('key')).toBe(7);
  });

  it('decisions after the end of the loader have no effect', async () => {
    let ctx: LoadContext | undefined;
    await cache.getOrSet('key', (given) => {
      ctx = given;
      return 1;
    });
    ctx?.ttl(1);
    ctx?.skipStore();
    expect(await cache.ttl('key')).toBe(3600);
  });

  it('changing the array of tags while it runs changes nothing', async () => {
    const loader = deferred<number>();
    const tags = ['before'];
    const loaded = cache.getOrSet('key', () => loader.promise, { tags });
    await turn();
    tags[0] = 'after';
    loader.resolve(1);
    await loaded;
    await cache.invalidateTags('after');
    expect(await cache.has('key')).toBe(true);
    await cache.invalidateTags('before');
    expect(await cache.has('key')).toBe(false);
  });
});
