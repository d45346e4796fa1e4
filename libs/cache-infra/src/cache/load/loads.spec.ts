import { deferred, turn, within } from '../../../../../test/support/deferred.js';
import { closingAfterEach } from '../../../../../test/support/closing.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { CircularLoadError, SerializationError } from '../../base/errors.js';
import type { InMemoryCacheOptions } from '../contract/cache-options.js';
import { followCalls } from './calling-flight.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { LoadOptions } from '../contract/options.js';
import { engineOf } from '../tiered-cache.js';

const closing = closingAfterEach();

function make(options: InMemoryCacheOptions = {}): { cache: InMemoryCache; clock: ManualClock } {
  const clock = new ManualClock();
  return { cache: closing(new InMemoryCache({ advanced: { clock }, ...options })), clock };
}

describe('an abort in the same tick as the call', () => {
  it.each([
    ['no time-out', {}],
    ['hardTimeout', { hardTimeout: '20s' }],
    ['softTimeout', { softTimeout: '20s' }],
  ] as const)('rejects the caller and aborts the loader: %s', async (_, options) => {
    const { cache } = make();
    const leaving = new AbortController();
    const end = deferred<string>();
    let loaderSignal: AbortSignal | undefined;
    const loaded = cache.getOrSet(
      'key',
      ({ signal }) => {
        loaderSignal = signal;
        return end.promise;
      },
      { signal: leaving.signal, ...options },
    );
    leaving.abort(new Error('left'));
    let outcome: unknown = 'still waiting';
    loaded.then(
      (value) => (outcome = value),
      (error: unknown) => (outcome = (error as Error).message),
    );
    await turn();
    await turn();
    expect(outcome).toBe('left');
    expect(loaderSignal?.aborted ?? true).toBe(true);
    end.resolve('late');
    await turn();
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('entries without tags', () => {
  it.each([
    ['plain', {}],
    ['with grace', { grace: 60 }],
  ])('stay when the tag table forgets its oldest tags: %s', async (_, options) => {
    const { cache } = make();
    await cache.set('key', 'value', { ttl: 60, ...options });
    const tags = Array.from({ length: 10_001 }, (__, i) => `tag ${String(i)}`);
    await cache.invalidateTags(...tags);
    expect(await cache.get('key')).toBe('value');
  });
});

describe('expire while a load runs', () => {
  it('supersedes the load of a key that is not there yet', async () => {
    const { cache } = make();
    const end = deferred<string>();
    const loaded = cache.getOrSet('key', () => end.promise, { grace: 60 });
    await turn();
    await cache.expire('key');
    end.resolve('from before');
    expect(await loaded).toBe('from before');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('supersedes the load of a key past its ttl', async () => {
    const { cache, clock } = make();
    await cache.set('key', 'first', { ttl: 1, grace: 60 });
    clock.advance(2000);
    const end = deferred<string>();
    const loaded = cache.getOrSet('key', () => end.promise, { grace: 60 });
    await turn();
    await cache.expire('key');
    end.resolve('from before');
    expect(await loaded).toBe('from before');
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('tags of the entry that is being refreshed', () => {
  it('still cover the refresh once its loader has named others', async () => {
    const { cache, clock } = make();
    await cache.set('key', 'old', { ttl: 10, tags: ['a'] });
    clock.advance(9000);
    const end = deferred<string>();
    const options = { ttl: 10, refreshAhead: 0.5 };
    expect(
      await cache.getOrSet(
        'key',
        (ctx) => {
          ctx.tags('b');
          return end.promise;
        },
        options,
      ),
    ).toBe('old');
    await turn();
    await cache.invalidateTags('a');
    const after = cache.getOrSet('key', () => 'new', options);
    await turn();
    end.resolve('from before');
    expect(await after).toBe('new');
  });
});

describe('T26: loads that wait for each other', () => {
  it('T26: a loader that waits for its own key gets a CircularLoadError', async () => {
    const { cache } = make();
    const loaded = cache.getOrSet('key', (): Promise<string> => cache.getOrSet('key', () => 'inner'));
    await expect(loaded).rejects.toThrow("the loader of 'key' waits for itself");
  });

  it('T26: also by way of another key', async () => {
    const { cache } = make();
    const a = (): Promise<string> => cache.getOrSet('a', b);
    const b = (): Promise<string> => cache.getOrSet('b', () => a());
    await expect(a()).rejects.toThrow(CircularLoadError);
  });

  it.each([2, 3, 5])(
    'T26: %d loads that each began by themselves: the error names both keys',
    async (count) => {
      const { cache } = make();
      const key = (i: number): string => `key ${String(i % count)}`;
      const load = (i: number): Promise<unknown> =>
        cache.getOrSet(key(i), () => cache.getOrSet(key(i + 1), () => 'never'));
      const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, i) => load(i)));
      const last = count - 1;
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ reason: { code: 'CACHE_CIRCULAR_LOAD', keys: [key(last), key(0)] } });
      }
      expect(outcomes[0]).toMatchObject({
        reason: { message: expect.stringContaining("'key 0'") as unknown },
      });
      expect(engineOf(cache).work.loads.size).toBe(0);
    },
  );

  it('T26: also after the first await of a loader, where calls are followed', async () => {
    const { cache } = make();
    followCalls();
    const load = (key: string, other: string): Promise<unknown> =>
      cache.getOrSet(key, async () => {
        await turn();
        return cache.getOrSet(other, () => 'never');
      });
    const outcomes = await Promise.allSettled([load('a', 'b'), load('b', 'a')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('T26: no circle: two loads that wait for a third, and one that waits for both', async () => {
    const { cache } = make();
    followCalls();
    const end = deferred<string>();
    const third = (): Promise<string> => cache.getOrSet('third', () => end.promise);
    const first = cache.getOrSet('first', async () => {
      await turn();
      return third();
    });
    const second = cache.getOrSet('second', () => third());
    const both = cache.getOrSet('both', () =>
      Promise.all([cache.getOrSet('first', third), cache.getOrSet('second', third)]),
    );
    await turn();
    end.resolve('value');
    expect(await Promise.all([first, second, both])).toEqual(['value', 'value', ['value', 'value']]);
  });

  it('T26: no circle: work that outlives its load asks for the key of that load', async () => {
    const { cache } = make();
    followCalls();
    const left = deferred();
    let late: Promise<unknown> | undefined;
    const end = deferred<string>();
    await cache.getOrSet('key', () => {
      late = left.promise.then(() => cache.getOrSet('other', () => cache.getOrSet('key', () => 'again')));
      return 'first';
    });
    await cache.delete('key');
    const again = cache.getOrSet('key', () => end.promise);
    left.resolve();
    await turn();
    end.resolve('again');
    expect(await again).toBe('again');
    expect(await late).toBe('again');
  });
});

describe('T28: a caller that joins a load', () => {
  const joined = async (options: LoadOptions, loaderTtl?: number): Promise<InMemoryCache> => {
    const { cache } = make();
    const end = deferred<string>();
    const first = cache.getOrSet(
      'key',
      (ctx) => {
        if (loaderTtl !== undefined) ctx.ttl(loaderTtl);
        return end.promise;
      },
      { ttl: 60, tags: ['first'] },
    );
    await turn();
    const second = cache.getOrSet('key', () => 'never', options);
    await turn();
    end.resolve('value');
    expect(await Promise.all([first, second])).toEqual(['value', 'value']);
    return cache;
  };

  it.each(['first', 'second'])('T28: has its tags on the entry, beside the others: %s', async (tag) => {
    const cache = await joined({ ttl: 60, tags: ['second'] });
    expect(await cache.get('key')).toBe('value');
    await cache.invalidateTags(tag);
    expect(await cache.get('key')).toBeUndefined();
  });

  it.each([
    [5, 5],
    [600, 60],
    [0, 60],
  ])('T28: with a ttl of %d s leaves an entry of %d s: the shorter one', async (ttl, left) => {
    const cache = await joined({ ttl });
    expect(await cache.ttl('key')).toBe(left);
  });

  it('T28: the ttl that the loader decides wins', async () => {
    const cache = await joined({ ttl: 5 }, 30);
    expect(await cache.ttl('key')).toBe(30);
  });

  it('T28: guarantee 1: gets no value older than an invalidation of its own tags, and none is stored', async () => {
    const { cache } = make();
    const end = deferred<string>();
    const first = cache.getOrSet('key', () => end.promise);
    await turn();
    await cache.invalidateTags('second');
    const second = cache.getOrSet('key', () => 'new', { tags: ['second'] });
    expect(await second).toBe('new');
    end.resolve('from before');
    expect(await first).toBe('from before');
    expect(await cache.get('key')).toBe('new');
  });

  it('T28: guarantee 1: its tags cover the load from then on', async () => {
    const { cache } = make();
    const end = deferred<string>();
    const first = cache.getOrSet('key', () => end.promise);
    await turn();
    const second = cache.getOrSet('key', () => 'never', { tags: ['second'] });
    await turn();
    await cache.invalidateTags('second');
    end.resolve('from before');
    await Promise.all([first, second]);
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('refreshAhead', () => {
  it('a hit while another load runs does not use up the refresh', async () => {
    const { cache, clock } = make();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(60_000);
    const end = deferred<undefined>();
    const forced = cache.getOrSet<string | undefined>('key', () => end.promise, {
      ...options,
      forceRefresh: true,
    });
    await turn();
    expect(await cache.getOrSet('key', () => 'not run', options)).toBe('old');
    end.resolve(undefined); // nothing to store
    expect(await forced).toBeUndefined();
    await turn();
    await cache.getOrSet('key', () => 'new', options);
    await turn();
    expect(await cache.get('key')).toBe('new');
  });
});

describe('forceRefresh with grace', () => {
  it('a stale value is served when the forced loader fails', async () => {
    const { cache, clock } = make();
    await cache.set('key', 'stale', { ttl: 1, grace: 60 });
    clock.advance(2000);
    const loaded = cache.getOrSet(
      'key',
      () => {
        throw new Error('down');
      },
      { forceRefresh: true, grace: 60 },
    );
    expect(await loaded).toBe('stale');
  });
});

describe('loader errors', () => {
  it.each([undefined, null, 0, 'text'])('a loader that throws %p', async (thrown) => {
    const { cache } = make();
    const outcomes = await Promise.allSettled([
      cache.getOrSet('key', () => {
        throw thrown;
      }),
      cache.getOrSet('key', () => Promise.reject(thrown)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
  });
});

describe('T41: a loaded value that cannot be stored', () => {
  const unstorable = (): unknown => ({ of: 'today', format: () => 'text' });

  it('T41: is returned to its callers, reported and counted, and not stored', async () => {
    const { cache } = make();
    const errors: unknown[] = [];
    cache.on('error', (event) => errors.push(event));
    const value = unstorable();
    expect(await cache.getOrSet('key', () => value)).toBe(value);
    expect(errors).toEqual([{ operation: 'getOrSet', error: expect.any(SerializationError) as unknown }]);
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 0, notStored: 1, sets: 0 });
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
  });

  it('T41: is newer than a value past its ttl, call for call', async () => {
    const { cache, clock } = make();
    await cache.set('key', 'yesterday', { ttl: 1, grace: 3600 });
    clock.advance(1000);
    const load = (): Promise<unknown> => cache.getOrSet('key', unstorable, { grace: 3600 });
    for (let i = 0; i < 3; i++) expect(await load()).toMatchObject({ of: 'today' });
    expect(cache.stats()).toMatchObject({ loads: 3, staleHits: 0, notStored: 3 });
  });

  it('T41: is returned to all callers that share the load', async () => {
    const { cache } = make();
    const values = await Promise.all([1, 2, 3].map(() => cache.getOrSet('key', unstorable)));
    for (const value of values) expect(value).toMatchObject({ of: 'today' });
    expect(cache.stats().loads).toBe(1);
  });

  it('T41: of a refresh is no reason to refresh with every hit', async () => {
    const { cache, clock } = make();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(60_000);
    for (let i = 0; i < 10; i++) {
      expect(await cache.getOrSet<unknown>('key', unstorable, options)).toBe('old');
      await turn();
    }
    expect(cache.stats()).toMatchObject({ refreshes: 1, notStored: 1 });
    clock.advance(1000);
    await cache.getOrSet<unknown>('key', unstorable, options);
    await turn();
    expect(cache.stats().refreshes).toBe(2);
  });
});

describe('a refresh whose loader hangs', () => {
  it('holds its key no longer than hardTimeout: a later caller begins anew', async () => {
    const { cache, clock } = make();
    const options = { ttl: 100, refreshAhead: 0.5, hardTimeout: '40ms' } as const;
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(60_000);
    let hung = 0;
    const hang = (): Promise<string> => {
      hung++;
      return new Promise(() => undefined);
    };
    expect(await cache.getOrSet('key', hang, options)).toBe('old');
    await turn();
    expect(hung).toBe(1);
    clock.advance(60_000);
    await expect(cache.getOrSet('key', () => 'new', options)).resolves.toBe('new');
  });

  it('so does a load that went on after softTimeout', async () => {
    const { cache, clock } = make();
    const options = { ttl: 10, grace: 100, softTimeout: '10ms', hardTimeout: '40ms' } as const;
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(20_000);
    expect(await cache.getOrSet('key', () => new Promise<string>(() => undefined), options)).toBe('old');
    clock.advance(200_000);
    await expect(cache.getOrSet('key', () => 'new', options)).resolves.toBe('new');
  });
});

describe('guarantee 7: loads', () => {
  it('callers that share a load whose value is not stored share no object', async () => {
    const { cache } = make();
    const load = (ctx: { skipStore(): void }): { n: number } => {
      ctx.skipStore();
      return { n: 1 };
    };
    const [one, other] = await Promise.all([cache.getOrSet('key', load), cache.getOrSet('key', load)]);
    one.n = 2;
    expect(other).toEqual({ n: 1 });
  });

  it('ctx.stale and the loaded value alias nothing', async () => {
    const { cache, clock } = make();
    const mine = { n: 1 };
    const got = await cache.getOrSet('key', () => mine, { ttl: 1, grace: 60 });
    mine.n = 5;
    got.n = 6;
    clock.advance(2000);
    await cache.getOrSet(
      'key',
      ({ stale }) => {
        expect(stale).toEqual({ n: 1 });
        (stale as { n: number }).n = 7;
        throw new Error('down');
      },
      { ttl: 1, grace: 60 },
    );
    expect(await cache.getOrSet('key', () => ({ n: 0 }), { grace: 60 })).toEqual({ n: 1 });
  });
});

describe('hardTimeout', () => {
  it('counts once for a caller whose first value was older than an invalidation', async () => {
    const { cache } = make();
    const end = deferred();
    const first = cache.getOrSet('key', async ({ tags }) => {
      await end.promise;
      tags('t');
      return 'from before';
    });
    await turn();
    await cache.invalidateTags('t');
    const second = cache.getOrSet('key', () => new Promise<string>(() => undefined), {
      hardTimeout: '400ms',
    });
    const outcome = within(600, second);
    setTimeout(end.resolve, 300);
    await first;
    expect(await outcome).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('hardTimeout') as unknown },
    });
  });
});

describe('memory', () => {
  it('nothing is left of 10,000 loads that failed, were left or went well', async () => {
    const { cache } = make({ maxSize: 10 });
    const engine = engineOf(cache);
    for (let i = 0; i < 10_000; i++) {
      const key = `key ${String(i)}`;
      const what = i % 4;
      if (what === 0) await cache.getOrSet(key, () => i, { tags: [`t${String(i)}`], grace: 5 });
      else if (what === 1) await cache.getOrSet(key, () => Promise.reject(new Error('x'))).catch(() => 0);
      else if (what === 2) await cache.invalidateTags(`t${String(i)}`);
      else {
        const leaving = new AbortController();
        const left = cache.getOrSet(key, () => new Promise(() => undefined), { signal: leaving.signal });
        await Promise.resolve();
        leaving.abort();
        await left.catch(() => 0);
      }
    }
    expect(engine.work.loads.size).toBe(0);
    expect(engine.tags.table.size).toBeLessThanOrEqual(10_000);
    expect(cache.stats().size).toBeLessThanOrEqual(10);
  });
});

describe('refreshAhead after a failure', () => {
  it('is tried again when the pause is over, also for an entry that came into memory during it', async () => {
    const { cache, clock } = make();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(60_000);
    await cache
      .getOrSet('key', () => Promise.reject(new Error('down')), { ...options, forceRefresh: true })
      .catch(() => 0);
    await cache.getOrSet('key', () => 'not now', options);
    clock.advance(5000);
    await cache.getOrSet('key', () => 'new', options);
    await turn();
    expect(await cache.get('key')).toBe('new');
  });
});

describe('namespaces and odd keys', () => {
  const odd = [
    '*',
    '?',
    '\\',
    '[a]',
    'users/x',
    '\0users\0x',
    'a:b',
    '!tags',
    '!f:{x}',
    'é\u0301',
    '😀',
    '\ud83d',
    ' ',
    '__proto__',
  ];
  it('keep apart, by delete, pattern and clear', async () => {
    const { cache } = make();
    const users = cache.namespace('users');
    const usersAbc = cache.namespace('usersAbc');
    const nested = users.namespace('x');
    const all = [cache, users, usersAbc, nested, cache.namespace('users/x'), cache.namespace('constructor')];
    for (const [n, at] of all.entries()) for (const key of odd) await at.set(key, `${String(n)} ${key}`);
    for (const [n, at] of all.entries())
      for (const key of odd) expect(await at.get(key)).toBe(`${String(n)} ${key}`);
    await users.clear();
    for (const [n, at] of all.entries()) {
      for (const key of odd) expect(await at.has(key)).toBe(n !== 1 && n !== 3);
    }
    await usersAbc.invalidatePattern('\\*');
    expect(await usersAbc.has('*')).toBe(false);
    expect(await usersAbc.has('?')).toBe(true);
  });
});
