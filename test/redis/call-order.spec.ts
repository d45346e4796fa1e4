import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { deferred, turn } from '../support/deferred.js';
import { callPairs, pairOutcome } from '../support/call-pairs.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';

const own = cachesOnOwnRedis();
const options = { ttl: 60, grace: 3600 };
let names = 0;

const homes: [home: string, enableL1Cache: boolean, pairs: typeof callPairs][] = [
  ['with an L1', true, callPairs],
  // Without an L1 nothing is set in memory.
  ['without an L1', false, callPairs.filter((pair) => !pair.includes('set in memory'))],
];

describe.each(homes)(
  'T36: of two calls that are not awaited, the last one called wins, %s',
  (_, enableL1Cache, pairs) => {
    it.each(pairs)('T36: %s, then %s', async (...pair) => {
      const cache = await own.redis({ enableL1Cache });
      const make = (): Promise<Cache> => Promise.resolve(cache.namespace(`n${String(names++)}`));
      const { seen, right } = await pairOutcome(make, pair);
      expect(right).toContain(seen);
    });
  },
);

describe('T36: expire', () => {
  it('T36: called before a set, leaves what is set in Redis, too', async () => {
    const [cache, other] = [await own.redis(), await own.redis()];
    for (let i = 0; i < 20; i++) {
      const key = `key ${String(i)}`;
      await cache.set(key, 'v1', options);
      await Promise.all([cache.expire(key), cache.set(key, 'v2', options)]);
      expect(await cache.get(key)).toBe('v2');
      expect(await other.get(key)).toBe('v2');
    }
  });

  it('T36: ends what a set brings that was called before it, however long that set takes', async () => {
    const cache = await own.redis();
    await cache.set('key', 'v1', options);
    // Compressed off the event loop.
    const large = 'x'.repeat(2_000_000);
    await Promise.all([cache.set('key', large, options), cache.expire('key')]);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('T36: a read under way does not bring the entry back as if it were fresh', async () => {
    const cache = await own.redis();
    for (let i = 0; i < 20; i++) {
      const key = `read ${String(i)}`;
      await cache.set(key, 'v1', { ...options, tiers: 'l2' });
      const expiring = cache.expire(key);
      await Promise.all([cache.get(key), expiring, turn().then(() => cache.get(key))]);
      expect(await cache.get(key)).toBeUndefined();
    }
  });

  it('T36: a value that was loaded meanwhile stays', async () => {
    const cache = await own.redis();
    const end = deferred<string>();
    await cache.set('key', 'v1', options);
    await cache.expire('key');
    const loading = cache.getOrSet('key', () => end.promise, options);
    await turn();
    end.resolve('v2');
    await loading;
    expect(await cache.get('key')).toBe('v2');
  });
});

describe('T36: a call for many keys, which goes out in portions', () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `many ${String(i)}`);
  const last = keys.at(-1) as string;
  const entries = keys.map((key) => [key, 'first'] as const);

  const later: [what: string, call: (cache: Cache) => Promise<unknown>, left: unknown][] = [
    ['set', (cache) => cache.set(last, 'second'), 'second'],
    ['setMany', (cache) => cache.setMany([[last, 'second']]), 'second'],
    ['delete', (cache) => cache.delete(last), undefined],
    ['invalidatePattern', (cache) => cache.invalidatePattern('many 29*'), undefined],
    ['clear', (cache) => cache.clear(), undefined],
  ];

  it.each(later)('T36: setMany, then %s of its last key', async (_, call, left) => {
    const cache = await own.redis();
    await Promise.all([cache.setMany(entries), call(cache)]);
    expect(await cache.get(last)).toBe(left);
  });

  it('T36: deleteMany, then a set of its last key', async () => {
    const cache = await own.redis();
    await cache.setMany(entries);
    await Promise.all([cache.deleteMany(keys), cache.set(last, 'second')]);
    expect(await cache.get(last)).toBe('second');
    expect((await cache.getMany(keys)).size).toBe(1);
  });

  it('T36: clear, then setMany', async () => {
    const cache = await own.redis({ l1CacheSize: 5000 });
    await cache.setMany(entries);
    await Promise.all([cache.clear(), cache.setMany(keys.map((key) => [key, 'second'] as const))]);
    expect(new Set((await cache.getMany(keys)).values())).toEqual(new Set(['second']));
    expect((await cache.getMany(keys)).size).toBe(keys.length);
  });

  it('T36: of a key that comes twice in setMany, the last value stays', async () => {
    const cache = await own.redis();
    await cache.setMany([...entries, [keys[0] as string, 'second'], [last, 'second']]);
    expect([await cache.get(keys[0] as string), await cache.get(last)]).toEqual(['second', 'second']);
  });
});

describe('a server that has forgotten its scripts', () => {
  it.each(['delete', 'set'] as const)('a %s right after a set wins', async (newer) => {
    const cache = await own.redis();
    await own.raw.script('FLUSH');
    const set = cache.set('key', 'older');
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer');
    await Promise.all([set, later]);
    expect(await (await own.redis({ enableL1Cache: false })).get('key')).toBe(
      newer === 'delete' ? undefined : 'newer',
    );
  });

  it.each(['delete', 'set'] as const)('a %s after a set that is on its way wins', async (newer) => {
    const cache = await own.redis();
    await own.raw.script('FLUSH');
    // The set has left by its digest, and is answered that nobody knows it only after what came later was sent.
    await own.server.pause();
    const set = cache.set('key', 'older');
    await turn();
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer');
    await turn();
    await own.server.resume();
    await Promise.all([set, later]);
    expect(await (await own.redis({ enableL1Cache: false })).get('key')).toBe(
      newer === 'delete' ? undefined : 'newer',
    );
  });
});
