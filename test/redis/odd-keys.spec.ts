import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { received } from '../support/news.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

describe('invalidatePattern and keys that are digested in Redis', () => {
  it.each([
    ['a}b', 'a}*'],
    ['a}b', 'a}b'],
    [`{"q":"${'x'.repeat(2000)}"}`, '{"q"*'],
    [`${'x'.repeat(2000)}-end`, '*-end'],
    [`${'x'.repeat(2000)}-end`, `${'x'.repeat(200)}*`],
    ['\ud800 lone', '\ud800*'],
  ])('key %# of this table', async (key, glob) => {
    const cache = await redis();
    await cache.set(key, 'old');
    await cache.invalidatePattern(glob);
    expect(await cache.get(key)).toBeUndefined();
  });
});

describe('digested keys and the L1', () => {
  it('a change elsewhere reaches every one of them, however many are read at once', async () => {
    const [cache, other] = [await redis({ l1CacheSize: 100 }), await redis({ l1CacheSize: 100 })];
    const keys = Array.from({ length: 350 }, (_, i) => `${'long '.repeat(300)}${String(i)}`);
    await other.setMany(keys.map((key) => [key, 'old'] as const));
    await cache.getMany(keys);
    await other.deleteMany(keys);
    await received(cache, other);
    const stale: number[] = [];
    for (const [i, key] of keys.entries()) if ((await cache.get(key)) !== undefined) stale.push(i);
    expect(stale).toEqual([]);
  });
});

describe('odd keys in Redis', () => {
  const long = 'ü'.repeat(2000);
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
    '{}',
    '}',
    '{a}',
    'é\u0301',
    '😀',
    '\ud83d',
    ' ',
    long,
    `${long}2`,
    '~sha256:x',
  ];
  it.each(['tracking', 'none'] as const)(
    'keep apart in namespaces, by clear and tags; coherence %s',
    async (coherence) => {
      const cache = await redis({ coherence, l1CacheSize: 1000 });
      const fresh = await redis({ enableL1Cache: false });
      const names = (c: RedisCache) => {
        const users = c.namespace('users');
        return [
          c,
          users,
          c.namespace('usersAbc'),
          users.namespace('x'),
          c.namespace('users/x'),
          c.namespace('!f'),
        ];
      };
      for (const [n, at] of names(cache).entries()) {
        for (const key of odd) {
          if (n % 2) await at.set(key, `${String(n)} ${key}`, { tags: [key] });
          else await at.getOrSet(key, () => `${String(n)} ${key}`, { tags: [key], lock: true });
        }
      }
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries())
          for (const key of odd) expect(await at.get(key)).toBe(`${String(n)} ${key}`);
      await cache.namespace('users').invalidateTags(long);
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries()) expect(await at.has(long)).toBe(n !== 1 && n !== 3);
      await cache.namespace('users').clear();
      for (const c of [cache, fresh])
        for (const [n, at] of names(c).entries())
          for (const key of odd) if (key !== long) expect(await at.has(key)).toBe(n !== 1 && n !== 3);
      await cache.clear();
      for (const c of [cache, fresh])
        for (const at of names(c)) for (const key of odd) expect(await at.has(key)).toBe(false);
    },
  );
});
