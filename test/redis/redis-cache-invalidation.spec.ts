import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { cachesOnSharedRedis, shapes } from '../support/caches-on-shared-redis.js';

const own = cachesOnSharedRedis();
const { redis, rawKeys, commandCalls } = own;

describe.each(shapes)('invalidations on Redis, %s', (_, options) => {
  describe('clear', () => {
    it("pitfall (others) of 'users' does not clear 'usersAbc'; below it, it does", async () => {
      const cache = redis(options);
      const users = cache.namespace('users');
      const views: Cache[] = [cache, users, users.namespace('eu'), cache.namespace('usersAbc')];
      for (const view of views) await view.set('1', 1);
      await users.clear();
      expect(await Promise.all(views.map((view) => view.has('1')))).toEqual([true, false, false, true]);
      expect(await rawKeys()).toEqual(['::1', ':usersAbc:1']);
    });

    it('of the root clears all of this cache and nothing else on the server', async () => {
      const neighbours = [
        `${own.keyPrefix}Abc::1`,
        own.keyPrefix,
        `${own.keyPrefix}.sessions::1`,
        `x${own.keyPrefix}::1`,
      ];
      for (const key of neighbours) await own.raw.set(key, 'theirs');
      const cache = redis(options);
      const names = ['users', '!bang', 'a:b', 'a/b', '*'];
      for (const name of names) await cache.namespace(name).set('1', 1, { tags: ['tag'] });
      await cache.setMany(Array.from({ length: 1500 }, (_, i) => [`key:${String(i)}`, i]));
      await cache.clear();
      expect((await rawKeys()).filter((key) => key !== ':!tags').map((key) => own.keyPrefix + key)).toEqual(
        neighbours.filter((key) => key.startsWith(own.keyPrefix)).sort(),
      );
      expect(await own.raw.mget(...neighbours)).toEqual(neighbours.map(() => 'theirs'));
      await own.raw.unlink(...neighbours);
    });

    it('never asks the server to flush', async () => {
      const before = await commandCalls();
      const cache = redis(options);
      await cache.set('1', 1);
      await cache.clear();
      await cache.invalidatePattern('*');
      const after = await commandCalls();
      for (const command of ['flushdb', 'flushall', 'keys'])
        expect(after.get(command)).toBe(before.get(command));
    });
  });

  describe('patterns', () => {
    const keys = [
      'user:1',
      'user:12',
      'user:2',
      'users',
      'a*b',
      'aXb',
      'a\\b',
      'ü1',
      '🔑1',
      '[ab]',
      'a-c',
      '^x',
      '{slot}1',
    ];

    it.each([
      ['user:*', ['user:1', 'user:12', 'user:2']],
      ['user:?', ['user:1', 'user:2']],
      ['?1', ['ü1', '🔑1']],
      ['a*b', ['a*b', 'aXb', 'a\\b']],
      ['a\\*b', ['a*b']],
      ['a\\\\b', ['a\\b']],
      ['[ab]', ['[ab]']],
      ['a-c', ['a-c']],
      ['^x', ['^x']],
      ['{slot}*', ['{slot}1']],
      ['*', keys],
      ['nothing*', []],
    ])('%p covers %p', async (glob, covered) => {
      const cache = redis(options);
      await cache.setMany(keys.map((key) => [key, key]));
      expect(await cache.invalidatePattern(glob)).toBe(covered.length);
      const left = keys.filter((key) => !covered.includes(key));
      expect([...(await cache.getMany(keys)).keys()]).toEqual(left);
      expect([...(await redis(options).getMany(keys)).keys()]).toEqual(left);
    });

    it('covers this namespace alone', async () => {
      const cache = redis(options);
      const users = cache.namespace('users');
      for (const view of [cache, users, users.namespace('eu'), cache.namespace('usersAbc')])
        await view.set('1', 1);
      expect(await users.invalidatePattern('*')).toBe(1);
      expect(await rawKeys()).toEqual(['::1', ':users/eu:1', ':usersAbc:1']);
    });
  });

  describe('tags', () => {
    it('one of several is enough, in the next namespace not', async () => {
      const cache = redis(options);
      await cache.set('a', 1, { tags: ['x', 'y'] });
      await cache.set('b', 1, { tags: ['y'] });
      await cache.namespace('n').set('c', 1, { tags: ['x'] });
      await cache.namespace('m').set('d', 1, { tags: ['x'] });
      await cache.namespace('m').invalidateTags('x');
      expect(await cache.namespace('n').has('c')).toBe(true);
      expect(await cache.namespace('m').has('d')).toBe(false);
      await cache.invalidateTags('x');
      expect([...(await cache.getMany(['a', 'b'])).keys()]).toEqual(['b']);
      expect(await cache.namespace('n').has('c')).toBe(false);
    });

    it('an invalidation by one instance holds for one that has not met the tag (guarantee 5)', async () => {
      await redis(options).set('key', 1, { tags: ['x'] });
      await redis(options).invalidateTags('x');
      const late = redis(options);
      expect(await late.get('key')).toBeUndefined();
      expect((await late.getMany(['key'])).size).toBe(0);
      expect(await late.has('key')).toBe(false);
      expect(await late.getOrSet('key', () => 'loaded', { tags: ['x'] })).toBe('loaded');
      expect(await redis(options).get('key')).toBe('loaded');
    });

    it('a value stored after the invalidation is valid for all', async () => {
      const [one, other] = [redis(options), redis(options)];
      await one.set('key', 1, { tags: ['x'] });
      await other.invalidateTags('x');
      await one.set('key', 2, { tags: ['x'] });
      expect(await redis(options).get('key')).toBe(2);
      expect(await one.get('key')).toBe(2);
    });

    it('tags that a loader adds hold for all, from the first entry with tags on', async () => {
      const cache = redis(options);
      const load = (ctx: { tags(...tags: string[]): void }): string => {
        ctx.tags('late');
        return 'value';
      };
      await cache.getOrSet('key', load);
      expect(await redis(options).get('key')).toBe('value');
      expect(await cache.get('key')).toBe('value');
      await redis(options).invalidateTags('late');
      expect(await redis(options).get('key')).toBeUndefined();
    });

    it('the cost of an invalidation does not depend on the number of entries: no scan', async () => {
      const cache = redis(options);
      await cache.setMany(
        Array.from({ length: 200 }, (_, i) => [`key:${String(i)}`, i]),
        { tags: ['x'] },
      );
      const before = await commandCalls();
      await cache.invalidateTags('x');
      const after = await commandCalls();
      for (const command of ['scan', 'unlink', 'del']) expect(after.get(command)).toBe(before.get(command));
      expect(await cache.has('key:7')).toBe(false);
    });

    it('tags of any characters', async () => {
      const cache = redis(options);
      const tags = [':', '', 'a b', 'ключ', '🔑', '\0', '{t}', 'x'.repeat(500)].filter((tag) => tag !== '');
      for (const tag of tags) {
        await cache.set('key', 1, { tags: [tag] });
        expect(await redis(options).get('key')).toBe(1);
        await cache.invalidateTags(tag);
        expect(await cache.get('key')).toBeUndefined();
        expect(await redis(options).get('key')).toBeUndefined();
      }
    });
  });
});
