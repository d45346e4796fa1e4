import { monitorEventLoopDelay } from 'node:perf_hooks';

import { InMemoryCache, type Cache } from 'nestjs-cache-infra';

const keys = Array.from({ length: 100_000 }, (_, index) => `key-${String(index)}`);
const load = (missing: readonly string[]) => missing.map((key) => ({ key }));

/** Milliseconds. An idle machine stays below 50; the collector and neighbours take their part of a busy one. */
const limit = 100;

/** Milliseconds that 99 of 100 turns of the event loop stay below while `work` runs. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await work();
  delays.disable();
  return delays.percentile(99) / 1e6;
}

/** The best of several runs: a busy machine, or the collector, may interrupt some of them. */
async function best(most: number, run: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let runs = 0; runs < 3 && least >= most; runs++) least = Math.min(least, await run());
  return least;
}

describe('getOrSetMany of 100,000 keys', () => {
  let cache: Cache;
  beforeEach(() => {
    cache = new InMemoryCache({ maxSize: 200_000 });
  });
  afterEach(() => cache.close());

  it.each<[string, object]>([
    ['misses', {}],
    ['misses of a caller with a signal', { signal: new AbortController().signal }],
  ])(
    'lets other work run in between: %s',
    async (_, options) => {
      const delay = await best(limit, async () => {
        await cache.clear();
        return turnsDuring(() => cache.getOrSetMany(keys, load, options));
      });
      expect(delay).toBeLessThan(limit);
      expect(cache.stats().size).toBe(100_000);
    },
    300_000,
  );

  it('lets other work run in between: hits', async () => {
    await cache.setMany(keys.map((key) => [key, { key }] as const));
    const delay = await best(limit, () => turnsDuring(() => cache.getOrSetMany(keys, load)));
    expect(delay).toBeLessThan(limit);
  }, 300_000);

  it('lets other work run in between: a loader that fails', async () => {
    const fail = (): Promise<Map<string, unknown>> => Promise.reject(new Error('the origin is down'));
    const delay = await best(limit, () =>
      turnsDuring(() => cache.getOrSetMany(keys, fail).catch((error: unknown) => error)),
    );
    expect(delay).toBeLessThan(limit);
  }, 300_000);
});
