import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { AiCacheService, InMemoryCache, RedisCache, type Cache } from 'nestjs-cache-infra';
import { startRedisServer, type RedisServer } from 'nestjs-cache-infra/testing';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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

/** Bytes that a key takes while the loader runs: the growth of the heap by then. The loader finds no value. */
async function bytesPerLoadingKey(cache: Cache, options: object): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let during = 0;
  await cache.getOrSetMany(
    keys,
    () => {
      collectGarbage();
      during = process.memoryUsage().heapUsed;
      return new Map();
    },
    options,
  );
  return (during - before) / keys.length;
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

describe('getOrSetMany of 100,000 keys in Redis', () => {
  let server: RedisServer;
  let cache: Cache;
  beforeAll(async () => {
    server = await startRedisServer({ own: true });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    cache = new RedisCache({ redisUrl: server.url, l1CacheSize: 200_000, commandTimeout: '30s' });
  });
  afterEach(async () => {
    await cache.clear();
    await cache.close();
  });

  it('lets other work run in between', async () => {
    const delay = await best(limit, async () => {
      await cache.clear();
      return turnsDuring(() => cache.getOrSetMany(keys, load));
    });
    expect(delay).toBeLessThan(limit);
    expect(await cache.getMany(keys)).toEqual(new Map(keys.map((key) => [key, { key }])));
  }, 600_000);

  it.each<[string, object]>([
    ['without options', {}],
    ['of a caller with a signal', { signal: new AbortController().signal }],
    ['with a time-out', { hardTimeout: '10m' }],
    ['with tags', { tags: ['users'] }],
    ['with jitter', { jitter: 0.1 }],
  ])(
    'keeps a loading key in less than 1.5 kB: %s',
    async (_, options) => {
      await cache.getOrSet('warm', () => 1);
      expect(await bytesPerLoadingKey(cache, options)).toBeLessThan(1500);
    },
    600_000,
  );
});

/** The longest stall of the event loop while `work` runs, as a share of its duration, 0-1. */
async function longestStallOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let last = start;
  let longest = 0;
  const note = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(note, 1);
  await work();
  clearInterval(timer);
  note();
  return longest / (last - start);
}

describe('ai.batch of 10,000 requests', () => {
  it('lets other work run in between: no turn takes a tenth of its time', async () => {
    const texts = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({ model: 'embed', text: `${name} ${String(i)}` }));
    const produce = (missing: readonly { readonly text: string }[]) =>
      missing.map(({ text }) => ({ value: text.toUpperCase() }));
    const cache = new InMemoryCache({ maxSize: 200_000 });
    const ai = new AiCacheService(cache);
    await ai.batch('embed', texts('warm', 1000), produce);
    let run = 0;
    const share = await best(0.1, () =>
      longestStallOf(() => ai.batch('embed', texts(`run ${run++}`, 10_000), produce)),
    );
    expect(share).toBeLessThan(0.1);
    await cache.close();
  }, 300_000);
});
