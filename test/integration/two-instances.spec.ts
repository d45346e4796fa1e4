import { randomUUID } from 'node:crypto';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';

const suite = redisForSuite();
const closing = closingAfterEach();
let keyPrefix: string;
beforeEach(() => {
  keyPrefix = `${suite.prefix}-${randomUUID()}`;
});

/** An instance of an application: an L1 of its own, the L2 in common. */
function instance(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(
    new RedisCache({ redisUrl: suite.url, keyPrefix, onError: 'throw', commandTimeout: '5s', ...options }),
  );
}

describe('seed S1.8 two instances with an L1 each over one Redis', () => {
  it('an instance finds the entries of the other, with their ttl and tags', async () => {
    const [one, other] = [instance(), instance()];
    await one.set('key', { at: new Date(0) }, { ttl: 60, tags: ['tag'] });
    expect(await other.get('key')).toEqual({ at: new Date(0) });
    expect(await other.ttl('key')).toBe(60);
    await other.invalidateTags('tag');
    expect(await other.get('key')).toBeUndefined();
    expect(await instance().get('key')).toBeUndefined();
  });

  it('an instance does not load a value again that the other loaded', async () => {
    const [one, other] = [instance(), instance()];
    let loads = 0;
    const load = (): number => ++loads;
    expect(await one.getOrSet('key', load)).toBe(1);
    expect(await other.getOrSet('key', load)).toBe(1);
    expect(other.stats()).toMatchObject({ loads: 0, l2: { hits: 1 } });
  });

  it('an instance no longer finds a key in Redis that the other deleted', async () => {
    const [one, other] = [instance(), instance({ enableL1Cache: false })];
    await one.set('key', 1);
    expect(await other.get('key')).toBe(1);
    expect(await one.delete('key')).toBe(true);
    expect(await other.get('key')).toBeUndefined();
    expect(await other.delete('key')).toBe(false);
  });

  it('clear and patterns of one apply to the other, only in their namespace', async () => {
    const [one, other] = [instance(), instance({ enableL1Cache: false })];
    for (const name of ['users', 'usersAbc']) {
      await one.namespace(name).setMany([
        ['1', name],
        ['2', name],
      ]);
    }
    expect(await other.namespace('users').invalidatePattern('1')).toBe(1);
    expect([...(await other.namespace('users').getMany(['1', '2'])).keys()]).toEqual(['2']);
    await one.namespace('users').clear();
    expect(await other.namespace('users').has('2')).toBe(false);
    expect((await other.namespace('usersAbc').getMany(['1', '2'])).size).toBe(2);
  });

  it('with different settings read each other: compression, isolation, L1 or none', async () => {
    const value = { text: 'long '.repeat(1000), list: [1, 2, 3] };
    const settings: Partial<RedisCacheOptions>[] = [
      { enableCompression: false },
      { compressionThreshold: 0, advanced: { compressionLevel: 9 } },
      { isolation: 'freeze' },
      { isolation: 'reference' },
      { enableL1Cache: false },
    ];
    for (const writer of settings) {
      await instance(writer).set('key', value);
      for (const reader of settings) expect(await instance(reader).get('key')).toEqual(value);
    }
  });

  it('closing an instance does not affect the other', async () => {
    const [one, other] = [instance(), instance()];
    await one.set('key', 1);
    await one.close();
    expect(await other.get('key')).toBe(1);
    await other.set('key', 2);
    expect(await other.get('key')).toBe(2);
  });

  it('after many changes of many keys by both, both agree with Redis', async () => {
    const both = [instance({ enableL1Cache: false }), instance({ enableL1Cache: false })] as const;
    const keys = Array.from({ length: 20 }, (_, i) => `key:${String(i)}`);
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => {
        const cache = both[i % 2 === 0 ? 0 : 1];
        const key = keys[i % keys.length] as string;
        return i % 7 === 0 ? cache.delete(key) : cache.set(key, i);
      }),
    );
    const [first, second, fresh] = await Promise.all(
      [...both, instance()].map((cache) => cache.getMany(keys)),
    );
    expect(first).toEqual(fresh);
    expect(second).toEqual(fresh);
  });
});
