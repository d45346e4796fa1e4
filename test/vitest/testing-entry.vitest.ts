import { Cache, InMemoryCache } from 'nestjs-cache-infra';
import {
  cacheMatchers,
  CacheSpy,
  ManualClock,
  useCleanEnvironment,
  withChaos,
} from 'nestjs-cache-infra/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

expect.extend(cacheMatchers);

describe('nestjs-cache-infra/testing under Vitest', () => {
  useCleanEnvironment({ beforeEach, afterEach });

  it('matchers', async () => {
    const clock = new ManualClock();
    const cache = new InMemoryCache({ advanced: { clock } });
    await cache.set('key', { id: 7 }, '5m');
    await expect(cache).toHaveCached('key');
    await expect(cache).toHaveCachedValue('key', { id: expect.any(Number) as number });
    clock.advance('5m');
    await expect(cache).not.toHaveCached('key');
    await expect(expect(cache).toHaveCached('key')).rejects.toThrow("to have cached 'key'");
  });

  it('matchers are typed', async () => {
    const cache = new InMemoryCache();
    // @ts-expect-error a key is text
    await expect(expect(cache).toHaveCached(7)).rejects.toThrow('key must be a non-empty string');
  });

  it('a spy', async () => {
    const spy = new CacheSpy();
    await Promise.all([spy.getOrSet('key', () => 1), spy.getOrSet('key', () => 1)]);
    expect(spy).toHaveLoadedOnce('key');
    expect(spy).toBeInstanceOf(Cache);
  });

  it('chaos', async () => {
    const cache = withChaos(new InMemoryCache());
    await cache.set('key', 1);
    cache.chaos.failNext('get');
    await expect(cache.get('key')).resolves.toBeUndefined();
    await expect(cache.get('key')).resolves.toBe(1);
  });
});
