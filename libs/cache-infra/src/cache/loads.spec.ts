import { deferred, turn } from '../../../../test/support/deferred.js';
import { closingAfterEach } from '../../../../test/support/closing.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { InMemoryCacheOptions } from './cache-options.js';
import { InMemoryCache } from './in-memory-cache.js';
import { coreOf } from './tiered-cache.js';

const closing = closingAfterEach();

function make(options: InMemoryCacheOptions = {}): { cache: InMemoryCache; clock: ManualClock } {
  const clock = new ManualClock();
  return { cache: closing(new InMemoryCache({ clock, ...options })), clock };
}

describe('an abort in the same tick as the call', () => {
  it.each([
    ['no time-out', {}],
    ['hardTimeout', { hardTimeout: '20s' }],
    ['softTimeout', { softTimeout: '20s' }],
  ])('rejects the caller and aborts the loader: %s', async (_, options) => {
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
  it('fences the load of a key that is not there yet', async () => {
    const { cache } = make();
    const end = deferred<string>();
    const loaded = cache.getOrSet('key', () => end.promise, { grace: 60 });
    await turn();
    await cache.expire('key');
    end.resolve('from before');
    expect(await loaded).toBe('from before');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('fences the load of a key past its ttl', async () => {
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

describe('a loader that asks for its own key', () => {
  it('is told so, instead of waiting for itself for ever', async () => {
    const { cache } = make();
    const loaded = cache.getOrSet('key', (): Promise<string> => cache.getOrSet('key', () => 'inner'));
    let outcome = 'waiting';
    loaded.then(
      () => (outcome = 'answered'),
      () => (outcome = 'refused'),
    );
    for (let i = 0; i < 20; i++) await turn();
    expect(outcome).not.toBe('waiting');
  });

  it('also by way of another key', async () => {
    const { cache } = make();
    const a = (): Promise<string> => cache.getOrSet('a', b);
    const b = (): Promise<string> => cache.getOrSet('b', () => a());
    let outcome = 'waiting';
    a().then(
      () => (outcome = 'answered'),
      () => (outcome = 'refused'),
    );
    for (let i = 0; i < 20; i++) await turn();
    expect(outcome).not.toBe('waiting');
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

  it('a value that cannot be stored reaches callers as it is, nothing is stored', async () => {
    const { cache } = make();
    const value = { f: () => 1 };
    expect(await cache.getOrSet<unknown>('key', () => value)).toBe(value);
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
  });
});

describe('a refresh whose loader hangs', () => {
  it('holds its key up no longer than hardTimeout: whoever comes after that starts anew', async () => {
    const { cache, clock } = make();
    const options = { ttl: 100, refreshAhead: 0.5, hardTimeout: '40ms' };
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
    await expect(cache.getOrSet('key', () => 'first', options)).rejects.toThrow('hardTimeout');
    await expect(cache.getOrSet('key', () => 'second', options)).resolves.toBe('second');
  });

  it('so does a load that went on after softTimeout', async () => {
    const { cache, clock } = make();
    const options = { ttl: 10, grace: 100, softTimeout: '10ms', hardTimeout: '40ms' };
    await cache.getOrSet('key', () => 'old', options);
    clock.advance(20_000);
    expect(await cache.getOrSet('key', () => new Promise<string>(() => undefined), options)).toBe('old');
    clock.advance(200_000);
    await expect(cache.getOrSet('key', () => 'first', options)).rejects.toThrow('hardTimeout');
    await expect(cache.getOrSet('key', () => 'second', options)).resolves.toBe('second');
  });
});

describe('guarantee 7', () => {
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
  it('counts once for a caller whose value turned out to be from before an invalidation', async () => {
    const { cache } = make();
    const end = deferred();
    const first = cache.getOrSet('key', async ({ tags }) => {
      await end.promise;
      tags('t');
      return 'from before';
    });
    await turn();
    await cache.invalidateTags('t');
    const start = performance.now();
    const second = cache.getOrSet('key', () => new Promise<string>(() => undefined), {
      hardTimeout: '400ms',
    });
    setTimeout(end.resolve, 300);
    await first;
    await expect(second).rejects.toThrow('hardTimeout');
    expect(performance.now() - start).toBeLessThan(600);
  });
});

describe('memory', () => {
  it('nothing is left of 10,000 loads that failed, were left or went well', async () => {
    const { cache } = make({ maxSize: 10 });
    const core = coreOf(cache);
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
    expect(core.flights.size).toBe(0);
    expect(core.parts.tags.table.size).toBeLessThanOrEqual(10_000);
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
