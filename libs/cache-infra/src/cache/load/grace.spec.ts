import { deferred, turn } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import type { Cache } from '../contract/cache.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { LoadContext } from '../contract/options.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ advanced: { clock } });
});
afterEach(() => cache.close());

const options = { ttl: 10, grace: 60 };

/** An origin that is down until it is mended. */
class Origin {
  tries = 0;
  value: unknown = undefined;

  readonly load = (): unknown => {
    this.tries++;
    if (this.value === undefined) throw new Error('the origin is down');
    return this.value;
  };
}

async function expireValue(value: unknown = 'old', more: object = {}): Promise<Origin> {
  await cache.set('key', value, { ...options, ...more });
  clock.advance(10_000);
  return new Origin();
}

describe('a failed load that no caller sees', () => {
  it('is logged with its error, one line a minute', async () => {
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), log: () => undefined };
    await using logged = new InMemoryCache({ name: 'prices', advanced: { clock }, logger });
    const fail = (): string => {
      throw new Error('no route to postgres://shop:s3cret@db/shop');
    };
    const failing = { ...options, ttl: 1, grace: '1h' } as const;
    await logged.set('a', 'old', failing);
    clock.advance(1_500);
    for (let i = 0; i < 3; i++) {
      expect(await logged.getOrSet('a', fail, { ...failing, forceRefresh: true })).toBe('old');
    }
    clock.advance(60_000);
    await logged.getOrSet('a', fail, { ...failing, forceRefresh: true });

    const words = `Cache 'prices': the loader of "a" failed (no route to postgres://***@db/shop), its old value is served`;
    expect(lines).toEqual([words, `${words}; 2 more since the last such line`]);
  });
});

describe('guarantee 11: grace: a loader that fails', () => {
  it('the value past its ttl is served', async () => {
    const origin = await expireValue();
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('old');
    expect(origin.tries).toBe(1);
  });

  it.each([null, false, 0, ''])('also when it is %p', async (value) => {
    const origin = await expireValue(value);
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe(value);
  });

  it('is for getOrSet alone: get, has, ttl and getMany miss', async () => {
    await expireValue();
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
    expect(await cache.ttl('key')).toBeUndefined();
    expect(await cache.getMany(['key'])).toEqual(new Map());
    expect(await cache.delete('key')).toBe(false);
  });

  it('a read in between does not end it', async () => {
    const origin = await expireValue();
    await cache.get('key');
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('old');
  });

  it('the failure reaches callers once the grace has passed', async () => {
    const origin = await expireValue();
    clock.advance(59_999);
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('old');
    clock.advance(1);
    await expect(cache.getOrSet('key', origin.load, options)).rejects.toThrow('the origin is down');
  });

  it('the grace is what the value was stored with', async () => {
    await cache.set('key', 'old', 10);
    clock.advance(10_000);
    const origin = new Origin();
    await expect(cache.getOrSet('key', origin.load, options)).rejects.toThrow('the origin is down');
  });

  it("the cache's own option is enough", async () => {
    const own = new InMemoryCache({ advanced: { clock }, grace: 60 });
    await own.set('key', 'old', 10);
    clock.advance(10_000);
    await expect(own.getOrSet('key', new Origin().load)).resolves.toBe('old');
    await own.close();
  });

  it('callers that wait for the same load all get it, as copies', async () => {
    await expireValue({ n: 1 });
    const loader = deferred<unknown>();
    const callers = Array.from({ length: 10 }, () => cache.getOrSet('key', () => loader.promise, options));
    await turn();
    loader.reject(new Error('down'));
    const values = await Promise.all(callers);
    expect(values).toEqual(Array.from({ length: 10 }, () => ({ n: 1 })));
    expect(new Set(values).size).toBe(10);
  });

  it('each of them counts as a call answered with a stale value', async () => {
    await expireValue();
    const loader = deferred<unknown>();
    const callers = Array.from({ length: 10 }, () => cache.getOrSet('key', () => loader.promise, options));
    await turn();
    loader.reject(new Error('down'));
    await Promise.all(callers);
    expect(cache.stats()).toMatchObject({ staleHits: 10, loads: 1, loadErrors: 1 });
  });

  it('a loader that works again ends it: its value is stored with a new life', async () => {
    const origin = await expireValue();
    await cache.getOrSet('key', origin.load, options);
    origin.value = 'new';
    clock.advance(1000);
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('new');
    expect(await cache.get('key')).toBe('new');
    expect(await cache.ttl('key')).toBe(10);
  });

  it('the value lives in memory until its grace has passed', async () => {
    await expireValue();
    expect(cache.stats().size).toBe(1);
  });
});

describe('guarantee 11: grace: back-off', () => {
  it('after a failure the loader is left alone for 1 s, 2, 4, 8, then 10', async () => {
    const origin = await expireValue('old', { grace: 3600 });
    const tries: number[] = [];
    for (let second = 0; second < 60; second++) {
      const before = origin.tries;
      for (let call = 0; call < 5; call++) {
        await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('old');
      }
      if (origin.tries > before) tries.push(second);
      expect(origin.tries - before).toBeLessThanOrEqual(1);
      clock.advance(1000);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 25, 35, 45, 55]);
  });

  it('graceBackoff sets the first pause', async () => {
    const own = new InMemoryCache({ advanced: { clock, graceBackoff: '5s' }, grace: 3600 });
    await own.set('key', 'old', 10);
    clock.advance(10_000);
    const origin = new Origin();
    await own.getOrSet('key', origin.load);
    clock.advance(4999);
    await own.getOrSet('key', origin.load);
    expect(origin.tries).toBe(1);
    clock.advance(1);
    await own.getOrSet('key', origin.load);
    expect(origin.tries).toBe(2);
    await own.close();
  });

  it('a success starts the count anew', async () => {
    const origin = await expireValue('old', { grace: 3600 });
    for (const pause of [1000, 2000]) {
      await cache.getOrSet('key', origin.load, options);
      clock.advance(pause);
    }
    origin.value = 'new';
    await cache.getOrSet('key', origin.load, options);
    origin.value = undefined;
    clock.advance(10_000);
    await cache.getOrSet('key', origin.load, options);
    const { tries } = origin;
    clock.advance(1000);
    await cache.getOrSet('key', origin.load, options);
    expect(origin.tries).toBe(tries + 1);
  });

  it('does not hold back a load when no value is at hand', async () => {
    const origin = new Origin();
    for (let i = 0; i < 3; i++) await expect(cache.getOrSet('key', origin.load, options)).rejects.toThrow();
    expect(origin.tries).toBe(3);
  });

  it('does not hold back forceRefresh', async () => {
    const origin = await expireValue();
    await cache.getOrSet('key', origin.load, options);
    origin.value = 'new';
    await expect(cache.getOrSet('key', origin.load, { ...options, forceRefresh: true })).resolves.toBe('new');
  });

  it('the abort of a caller is no failure of the loader', async () => {
    await expireValue();
    const controller = new AbortController();
    const left = cache.getOrSet('key', () => deferred().promise, { ...options, signal: controller.signal });
    await turn();
    controller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(cache.getOrSet('key', () => 'new', options)).resolves.toBe('new');
  });

  it('issue: shown by 3: 10 minutes of a failing origin, 0 errors to callers', async () => {
    const origin = await expireValue('old', { grace: '10m' });
    let errors = 0;
    for (let second = 0; second < 599; second++) {
      await cache.getOrSet('key', origin.load, options).catch(() => errors++);
      clock.advance(1000);
    }
    expect(errors).toBe(0);
    expect(origin.tries).toBeLessThanOrEqual(4 + 599 / 10 + 1);
  });
});

describe('guarantee 11: grace: what ends it', () => {
  const tagged = { tags: ['tag'] };
  const ends: [what: string, end: (cache: Cache) => Promise<unknown>][] = [
    ['delete', (all) => all.delete('key')],
    ['deleteMany', (all) => all.deleteMany(['key', 'other'])],
    ['invalidateTags', (all) => all.invalidateTags('tag')],
    ['invalidatePattern', (all) => all.invalidatePattern('k*')],
    ['clear', (all) => all.clear()],
  ];

  it.each(ends)('%s: the failure reaches the caller', async (_, end) => {
    const origin = await expireValue('old', tagged);
    await end(cache);
    await expect(cache.getOrSet('key', origin.load, options)).rejects.toThrow('the origin is down');
  });

  it.each(ends)('pitfall (FusionCache #648) %s before the ttl has passed, too', async (_, end) => {
    await cache.set('key', 'old', { ...options, ...tagged });
    await end(cache);
    clock.advance(10_000);
    await expect(cache.getOrSet('key', new Origin().load, options)).rejects.toThrow('the origin is down');
  });

  it.each(ends)('%s during the back-off: the loader runs at once', async (_, end) => {
    const origin = await expireValue('old', tagged);
    await cache.getOrSet('key', origin.load, options);
    await end(cache);
    origin.value = 'new';
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('new');
  });

  it.each(ends)('%s while the loader runs: its failure reaches the caller', async (_, end) => {
    await expireValue('old', tagged);
    const loader = deferred<string>();
    const caller = cache.getOrSet('key', () => loader.promise, options);
    await turn();
    await end(cache);
    loader.reject(new Error('the origin is down'));
    await expect(caller).rejects.toThrow('the origin is down');
  });

  it('a newer set does, of course', async () => {
    const origin = await expireValue();
    await cache.set('key', 'new', options);
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('new');
  });
});

describe('expire', () => {
  it('ends the ttl and keeps the grace, which begins now', async () => {
    await cache.set('key', 'old', options);
    expect(await cache.expire('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    const origin = new Origin();
    clock.advance(59_999);
    await expect(cache.getOrSet('key', origin.load, options)).resolves.toBe('old');
    clock.advance(1);
    await expect(cache.getOrSet('key', origin.load, options)).rejects.toThrow();
  });

  it('has the next caller load', async () => {
    await cache.set('key', 'old', options);
    await cache.expire('key');
    await expect(cache.getOrSet('key', () => 'new', options)).resolves.toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('without a grace it is a delete', async () => {
    await cache.set('key', 'old', 10);
    expect(await cache.expire('key')).toBe(true);
    expect(cache.stats().size).toBe(0);
  });

  it('false when there was nothing, or it was past its ttl', async () => {
    expect(await cache.expire('key')).toBe(false);
    await expireValue();
    expect(await cache.expire('key')).toBe(false);
  });

  it('an expired entry can be expired no further, and its grace does not begin anew', async () => {
    await cache.set('key', 'old', options);
    await cache.expire('key');
    clock.advance(30_000);
    await cache.expire('key');
    clock.advance(30_000);
    await expect(cache.getOrSet('key', new Origin().load, options)).rejects.toThrow();
  });

  it('is an invalidation: the value of a load in flight is not stored', async () => {
    const loader = deferred<string>();
    await cache.set('key', 'old', options);
    const caller = cache.getOrSet('key', () => loader.promise, { ...options, forceRefresh: true });
    await turn();
    await cache.expire('key');
    loader.resolve('from before');
    await expect(caller).resolves.toBe('from before');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('its tags still cover it', async () => {
    await cache.set('key', 'old', { ...options, tags: ['tag'] });
    await cache.expire('key');
    await cache.invalidateTags('tag');
    await expect(cache.getOrSet('key', new Origin().load, options)).rejects.toThrow();
  });

  it('refuses a bad key', async () => {
    await expect(cache.expire('')).rejects.toThrow('key');
  });
});

describe('ctx.stale', () => {
  const staleOf = async (): Promise<unknown> => {
    let stale: unknown = 'the loader did not run';
    const load = (ctx: LoadContext): string => {
      ({ stale } = ctx);
      return 'new';
    };
    await cache.getOrSet('key', load, options);
    return stale;
  };

  it('is undefined when nothing is there', async () => {
    expect(await staleOf()).toBeUndefined();
  });

  it('is the value past its ttl', async () => {
    await expireValue({ n: 1 });
    expect(await staleOf()).toEqual({ n: 1 });
  });

  it('is undefined after an invalidation, and beyond the grace', async () => {
    await expireValue();
    await cache.delete('key');
    expect(await staleOf()).toBeUndefined();
    clock.advance(70_000);
    expect(await staleOf()).toBeUndefined();
  });

  it('can be returned: it lives on', async () => {
    await expireValue();
    await expect(cache.getOrSet('key', ({ stale }) => stale, options)).resolves.toBe('old');
    expect(await cache.get('key')).toBe('old');
  });

  it('is a copy: changing it changes the value of no other caller', async () => {
    await expireValue({ n: 1 });
    const load = ({ stale }: LoadContext): never => {
      (stale as { n: number }).n = 2;
      throw new Error('down');
    };
    await expect(cache.getOrSet('key', load, options)).resolves.toEqual({ n: 1 });
  });
});

describe('negative caching', () => {
  it('null is a value, with a ttl of its own', async () => {
    let loads = 0;
    const load = (ctx: LoadContext): null => {
      loads++;
      ctx.ttl(5);
      return null;
    };
    for (let i = 0; i < 3; i++) await expect(cache.getOrSet('key', load, 3600)).resolves.toBeNull();
    expect(loads).toBe(1);
    clock.advance(5000);
    await cache.getOrSet('key', load, 3600);
    expect(loads).toBe(2);
  });
});

describe('tiers, in a cache without Redis', () => {
  it("'l1' and 'both' are the same", async () => {
    await cache.set('key', 1, { tiers: 'l1' });
    expect(await cache.get('key')).toBe(1);
  });

  it("'l2' stores nothing", async () => {
    await expect(cache.getOrSet('key', () => 1, { tiers: 'l2' })).resolves.toBe(1);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('l1Ttl is the shorter life', async () => {
    await cache.set('key', 1, { ttl: 60, l1Ttl: 5 });
    expect(await cache.ttl('key')).toBe(5);
  });
});
