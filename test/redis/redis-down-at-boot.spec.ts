import { memoryFallback } from '../../libs/cache-infra/src/cache/memory-fallback.js';
import { CacheError, InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { within } from '../support/deferred.js';
import { breakableRedis, calls, recovered, timed } from '../support/outages.js';
import { until } from '../support/until.js';

const own = breakableRedis();
const { redis } = own;

describe('guarantee 3: Redis down at boot', () => {
  beforeEach(() => own.server.stop());

  it.each(calls)(
    'pitfall (bentocache, cacheable, cache-manager) %s does not hang',
    async (_, call, answer) => {
      const { outcome, ms } = await timed(call(redis()));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    },
  );

  it('seed S4.41 the cache works without it, from its L1', async () => {
    const cache = redis();
    await cache.set('key', { a: 1 });
    expect(await cache.get('key')).toEqual({ a: 1 });
    expect(await cache.getOrSet('key', () => 'never')).toEqual({ a: 1 });
    expect(await cache.delete('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    expect(cache.stats().errors).toBeGreaterThan(0);
  });

  it('the fallback in memory works as well, all of it', async () => {
    const cache = redis();
    await expect(cache.connect()).rejects.toThrow(InfrastructureError);
    const memory = memoryFallback(cache);
    await memory.set('key', 1, { tags: ['tag'] });
    expect(await memory.get('key')).toBe(1);
    await memory.invalidateTags('tag');
    expect(await memory.get('key')).toBeUndefined();
    await memory.namespace('users').set('1', 1);
    await memory.clear();
    expect(await memory.namespace('users').has('1')).toBe(false);
  });

  it('many calls at once cost no more than one', async () => {
    const cache = redis();
    const { ms } = await timed(
      Promise.all(Array.from({ length: 500 }, (_, i) => cache.getOrSet(`key:${String(i)}`, () => i))),
    );
    expect(ms).toBeLessThan(1500);
    expect(cache.stats().loads).toBe(500);
  });

  it('pitfall (nest #2125, #11123) no `error` event ends the process, and nothing is written to the console (guarantee 9)', async () => {
    const written: unknown[] = [];
    const { error, warn } = console;
    console.error = console.warn = (...words: unknown[]): void => {
      written.push(words);
    };
    try {
      const cache = redis();
      await cache.get('key');
      await until(() => cache.stats().errors > 0, 'the error');
      await cache.close();
    } finally {
      Object.assign(console, { error, warn });
    }
    expect(written).toEqual([]);
  });

  it('Redis comes later: it is used without a restart', async () => {
    const cache = redis();
    const back = recovered(cache);
    await cache.set('before', 1);
    await own.server.start();
    await back;
    await cache.set('after', 1);
    expect(await redis().get('after')).toBe(1);
    expect(cache.stats().l2.sets).toBeGreaterThanOrEqual(1);
  }, 20_000);

  it('connect says so, within the connect time-out', async () => {
    const { outcome, ms } = await timed(redis({ connectTimeout: '500ms' }).connect());
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
    expect((outcome as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(/^Redis connection failed \(127\.0\.0\.1:\d+\)/) as unknown,
    });
    expect(ms).toBeLessThan(1000);
  });

  it.each(calls)("seed S9.112 with onError 'throw' %s rejects with InfrastructureError", async (_, call) => {
    const { outcome, ms } = await timed(call(redis({ onError: 'throw' })));
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(CacheError);
    expect(ms).toBeLessThan(1000);
  });

  it('close ends the attempts at once', async () => {
    const cache = redis();
    await cache.get('key');
    expect(await within(500, cache.close())).toBeDefined();
  });
});
