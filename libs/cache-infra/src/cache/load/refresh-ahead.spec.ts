import { deferred, turn, type Deferred } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';

let clock: ManualClock;
let cache: InMemoryCache;
let loads: Deferred<unknown>[];
const load = (): Promise<unknown> => {
  const loader = deferred<unknown>();
  loads.push(loader);
  return loader.promise;
};

beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ advanced: { clock } });
  loads = [];
});
afterEach(() => cache.close());

const options = { ttl: 100, refreshAhead: 0.8 };
const read = async (more: object = {}): Promise<unknown> => {
  const value = await cache.getOrSet('key', load, { ...options, ...more });
  await turn();
  return value;
};

async function storeByLoad(more: object = {}): Promise<void> {
  await cache.getOrSet('key', () => 'old', { ...options, ...more });
}

describe('refreshAhead', () => {
  it('a hit before that fraction of the ttl loads nothing', async () => {
    await storeByLoad();
    clock.advance(79_999);
    expect(await read()).toBe('old');
    expect(loads).toHaveLength(0);
  });

  it('a hit after it is answered at once, and loads in the background', async () => {
    await storeByLoad();
    clock.advance(80_000);
    expect(await read()).toBe('old');
    expect(loads).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ hits: 1, refreshes: 1 });
    loads[0]?.resolve('new');
    await turn();
    expect(await read()).toBe('new');
    expect(await cache.ttl('key')).toBe(100);
  });

  it('a refresh that fails is logged: no caller sees it', async () => {
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), log: () => undefined };
    cache = new InMemoryCache({ advanced: { clock }, logger });
    await storeByLoad();
    clock.advance(80_000);
    expect(await read()).toBe('old');
    loads[0]?.reject(new Error('the origin is down'));
    await turn();
    expect(lines).toEqual([
      `Cache 'default': the loader of "key" failed (the origin is down), its old value is served`,
    ]);
  });

  it('one refresh however many hits', async () => {
    await storeByLoad();
    clock.advance(80_000);
    await Promise.all(Array.from({ length: 1000 }, () => read()));
    for (let i = 0; i < 100; i++) expect(await read()).toBe('old');
    expect(loads).toHaveLength(1);
    loads[0]?.resolve('new');
    await turn();
    await Promise.all(Array.from({ length: 100 }, () => read()));
    expect(loads).toHaveLength(1);
  });

  it('a failure reaches no caller, and the back-off delays the next refresh', async () => {
    await storeByLoad();
    clock.advance(80_000);
    await read();
    loads[0]?.reject(new Error('down'));
    await turn();
    for (let i = 0; i < 10; i++) expect(await read()).toBe('old');
    clock.advance(999);
    expect(await read()).toBe('old');
    expect(loads).toHaveLength(1);
    clock.advance(1);
    expect(await read()).toBe('old');
    expect(loads).toHaveLength(2);
    loads[1]?.reject(new Error('down'));
    await turn();
    clock.advance(1999);
    await read();
    expect(loads).toHaveLength(2);
    clock.advance(1);
    await read();
    expect(loads).toHaveLength(3);
    loads[2]?.resolve('new');
  });

  it('a failing refresh answers no call with a stale value: none is counted', async () => {
    await storeByLoad({ grace: 60 });
    clock.advance(80_000);
    await read({ grace: 60 });
    loads[0]?.reject(new Error('down'));
    await turn();
    expect(cache.stats().staleHits).toBe(0);
  });

  it.each([
    ['tags', { tags: ['tag'] }],
    ['a grace', { grace: 60 }],
    ['an l1Ttl', { l1Ttl: 90 }],
    ['nothing else', {}],
  ])('of an entry that was set with %s', async (_, more) => {
    await cache.set('key', 'old', { ttl: 100, ...more });
    clock.advance(85_000);
    expect(await read(more)).toBe('old');
    expect(loads).toHaveLength(1);
    loads[0]?.resolve('new');
  });

  it("the cache's own option is enough", async () => {
    const own = new InMemoryCache({ advanced: { clock }, refreshAhead: 0.5 });
    await own.set('key', 'old', 100);
    clock.advance(50_000);
    expect(await own.getOrSet('key', load, 100)).toBe('old');
    await turn();
    expect(loads).toHaveLength(1);
    loads[0]?.resolve('new');
    await turn();
    expect(await own.get('key')).toBe('new');
    await own.close();
  });

  it('get never refreshes: it has no loader', async () => {
    await storeByLoad();
    clock.advance(90_000);
    expect(await cache.get('key')).toBe('old');
    await turn();
    expect(loads).toHaveLength(0);
  });

  it('a ttl that the loader set is the one that counts', async () => {
    await cache.getOrSet('key', (ctx) => (ctx.ttl(10), 'old'), options);
    clock.advance(7999);
    await read();
    expect(loads).toHaveLength(0);
    clock.advance(1);
    await read();
    expect(loads).toHaveLength(1);
    loads[0]?.resolve('new');
  });

  it('an entry that never expires is never refreshed', async () => {
    await cache.set('key', 'old', 0);
    clock.advance(1e12);
    expect(await read({ ttl: 0 })).toBe('old');
    expect(loads).toHaveLength(0);
  });

  it('an invalidation during a refresh: its value is not stored, and the next call loads anew', async () => {
    await storeByLoad();
    clock.advance(80_000);
    await read();
    await cache.delete('key');
    const next = cache.getOrSet('key', load, options);
    await turn();
    expect(loads).toHaveLength(2);
    loads[1]?.resolve('newest');
    loads[0]?.resolve('from before');
    await expect(next).resolves.toBe('newest');
    await turn();
    expect(await cache.get('key')).toBe('newest');
  });

  it('an invalidation of tags that only the entry has: no call gets the old value during a refresh', async () => {
    await cache.set('key', 'old', { ttl: 100, tags: ['tag'] });
    clock.advance(85_000);
    expect(await read()).toBe('old');
    expect(loads).toHaveLength(1);
    await cache.invalidateTags('tag');
    const caller = cache.getOrSet('key', load, options);
    await turn();
    for (const loader of loads) loader.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('a call after the end of the ttl joins the refresh in flight', async () => {
    await storeByLoad();
    clock.advance(80_000);
    await read();
    clock.advance(20_000);
    const caller = cache.getOrSet('key', load, options);
    await turn();
    expect(loads).toHaveLength(1);
    loads[0]?.resolve('new');
    await expect(caller).resolves.toBe('new');
  });

  it('an abort of the caller whose hit started it does not end it', async () => {
    await storeByLoad();
    clock.advance(80_000);
    const controller = new AbortController();
    expect(await read({ signal: controller.signal })).toBe('old');
    controller.abort();
    loads[0]?.resolve('new');
    await turn();
    expect(await cache.get('key')).toBe('new');
  });

  it('after a loader that returns undefined, the value stays until its ttl ends', async () => {
    await storeByLoad();
    clock.advance(80_000);
    await read();
    loads[0]?.resolve(undefined);
    await turn();
    expect(await read()).toBe('old');
    clock.advance(20_000);
    expect(await cache.get('key')).toBeUndefined();
  });
});
