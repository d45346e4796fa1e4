import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { SerializationError, ValidationError } from '../../libs/cache-infra/src/base/errors.js';
import { armed } from '../support/armed.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';
import { isSame, refusedValues, storableValues } from '../support/sample-values.js';

const run = promisify(execFile);
const suite = redisForSuite();
const closing = closingAfterEach();

function redis(compressionThreshold = 1000): RedisCache {
  const { url: redisUrl, prefix: keyPrefix } = suite;
  return closing(
    new RedisCache({ redisUrl, keyPrefix, compressionThreshold, onError: 'throw', commandTimeout: '10s' }),
  );
}

describe('guarantee 6: what you get is what you put', () => {
  describe.each(storableValues())('%s', (name, value) => {
    it('from the L1', async () => {
      const cache = await armed(redis());
      await cache.set(name, value);
      expect(isSame(await cache.get(name), value)).toBe(true);
      expect(cache.stats().l1.hits).toBe(1);
    });

    it('from the L2', async () => {
      await redis().set(name, value);
      const cache = await armed(redis());
      expect(isSame(await cache.get(name), value)).toBe(true);
      expect(cache.stats().l2.hits).toBe(1);
      // Promoted, it is still the same.
      expect(isSame(await cache.get(name), value)).toBe(true);
      expect(cache.stats().l1.hits).toBe(1);
    });

    it('from the L2, compressed', async () => {
      await redis(0).set(name, [value, ' '.repeat(200)]);
      const [first, second] = (await redis().get<unknown[]>(name)) ?? [];
      expect(isSame(first, value)).toBe(true);
      expect(second).toBe(' '.repeat(200));
    });

    it('from a loader, for who waits and for who comes later', async () => {
      const key = `loaded:${name}`;
      const cache = redis();
      expect(isSame(await cache.getOrSet(key, () => value), value)).toBe(true);
      expect(isSame(await cache.get(key), value)).toBe(true);
      expect(isSame(await redis().getOrSet(key, () => 'never'), value)).toBe(true);
    });

    it('from memory alone', async () => {
      const cache = closing(new InMemoryCache());
      await cache.set(name, value);
      expect(isSame(await cache.get(name), value)).toBe(true);
    });
  });

  it('from a second process, both ways', async () => {
    const cache = redis();
    for (const [name, value] of storableValues()) await cache.set(`parent:${name}`, value);
    const script = fileURLToPath(new URL('../support/second-process.mjs', import.meta.url));
    const { stdout } = await run(process.execPath, [script, suite.url, suite.prefix], { env: withoutJest() });
    expect(JSON.parse(stdout)).toEqual([]);
    const different: string[] = [];
    for (const [name, value] of storableValues()) {
      if (!isSame(await cache.get(`child:${name}`), value)) different.push(name);
    }
    expect(different).toEqual([]);
  }, 30_000);
});

describe('guarantee 6: what cannot be stored is refused, in both caches alike', () => {
  const caches: [what: string, make: () => Cache][] = [
    ['InMemoryCache', () => closing(new InMemoryCache())],
    ['RedisCache', () => redis()],
    [
      'RedisCache without an L1',
      () =>
        closing(
          new RedisCache({
            redisUrl: suite.url,
            keyPrefix: suite.prefix,
            enableL1Cache: false,
            commandTimeout: '10s',
          }),
        ),
    ],
  ];

  describe.each(caches)('%s', (_, make) => {
    it.each(refusedValues())('seed S10.135 %s, with its path', async (name, value, path) => {
      const cache = make();
      const key = `refused:${name}`;
      for (const attempt of [cache.set(key, value), cache.setMany([[key, value]])]) {
        await expect(attempt).rejects.toBeInstanceOf(SerializationError);
        await expect(attempt).rejects.toThrow(TypeError);
        await expect(attempt).rejects.toMatchObject({
          path,
          message: expect.stringContaining(path) as unknown,
        });
      }
      expect(await cache.has(key)).toBe(false);
      expect(cache.stats()).toMatchObject({ sets: 0, errors: 0 });
      // The caller of a loader gets what it made.
      expect(await cache.getOrSet(key, () => value)).toBe(value);
      expect(await cache.has(key)).toBe(false);
    });

    it('undefined is not cacheable', async () => {
      const cache = make();
      await expect(cache.set('undefined', undefined)).rejects.toThrow(ValidationError);
      expect(await cache.getOrSet('undefined', () => undefined)).toBeUndefined();
      expect(await cache.has('undefined')).toBe(false);
    });
  });

  it('a refused value leaves the one before it in place', async () => {
    const cache = redis();
    await cache.set('kept', 1);
    await cache.set('kept', () => 2).catch(() => undefined);
    expect(await cache.get('kept')).toBe(1);
    expect(await redis().get('kept')).toBe(1);
  });

  it('a value larger than maxValueBytes is refused', async () => {
    const { url: redisUrl, prefix: keyPrefix } = suite;
    const cache = closing(
      new RedisCache({ redisUrl, keyPrefix, maxValueBytes: 1000, commandTimeout: '10s' }),
    );
    await expect(cache.set('large', 'x'.repeat(1001))).rejects.toThrow(SerializationError);
    await expect(cache.setMany([['large', 'x'.repeat(1001)]])).rejects.toThrow(/1000/);
    expect(await cache.getOrSet('large', () => 'x'.repeat(1001))).toHaveLength(1001);
    expect(await cache.has('large')).toBe(false);
    expect(cache.stats()).toMatchObject({ sets: 0, size: 0 });
  });
});

function withoutJest(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return env;
}
