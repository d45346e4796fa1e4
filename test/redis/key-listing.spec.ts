import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { memoryFallback } from '../../libs/cache-infra/src/cache/memory-fallback.js';
import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { CacheSpy } from '../../libs/cache-infra/src/testing/cache-spy.js';
import { withChaos } from '../../libs/cache-infra/src/testing/chaos-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { elapse } from '../support/time.js';

const own = cachesOnOwnRedis();

async function listed(of: Cache, pattern?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of of.keys(pattern)) keys.push(key);
  return keys.sort();
}

/** The `SCAN` commands that the server has run. */
async function scans(): Promise<number> {
  const [, calls = '0'] = /cmdstat_scan:calls=(\d+)/.exec(await own.raw.info('commandstats')) ?? [];
  return Number(calls);
}

describe('T42: keys() of a cache in Redis', () => {
  it('lists what another instance has stored, in pages', async () => {
    const [one, other] = [await own.redis(), await own.redis()];
    const keys = Array.from({ length: 3000 }, (_, i) => `key:${String(i)}`).sort();
    await one.setMany(keys.map((key) => [key, 1]));
    await other.get('key:7');
    expect(await listed(other)).toEqual(keys);
    expect(await listed(other, 'key:29??')).toHaveLength(100);
  });

  it('lists its own namespace and prefix alone, and nothing that the cache keeps beside entries', async () => {
    const cache = await own.redis({ enableL1Cache: false });
    const users = cache.namespace('users');
    await cache.set('root', 1, { tags: ['tag'] });
    await users.set('a:1', 1);
    await users.namespace('eu').set('2', 1);
    await cache.invalidateTags('other');
    await own.raw.set(`${own.keyPrefix}-other::foreign`, 'x');
    const loading = cache.getOrSet('loaded', async () => listed(cache), { lock: true });
    expect(await loading).toEqual(['root']);
    expect(await listed(users)).toEqual(['a:1']);
  });

  it('lists a key that stands in Redis as a digest only while memory holds its entry', async () => {
    const [holder, other] = [await own.redis(), await own.redis({ enableL1Cache: false })];
    const long = 'k'.repeat(2000);
    await holder.set(long, 1);
    expect(await listed(holder)).toEqual([long]);
    expect(await listed(other)).toEqual([]);
  });

  it('finds the keys of a client that puts its own prefix before them', async () => {
    const client = own.raw.duplicate({ keyPrefix: 'app:' });
    own.closing({ close: () => client.disconnect() });
    const cache = await own.redis({ redis: client });
    await cache.set('key', 1);
    expect(await listed(cache)).toEqual(['key']);
  });

  it('lists no stale entry, and none whose tag was invalidated', async () => {
    const [one, other] = [await own.redis(), await own.redis({ enableL1Cache: false })];
    const manyTags = Array.from({ length: 40 }, (_, i) => `tag-number-${String(i)}`);
    await one.set('live', 1);
    await one.set('live and tagged', 1, { tags: ['kept', ...manyTags], grace: '1h' });
    await one.set('stale', 1, { ttl: '20ms', grace: '1h' });
    await one.set('invalidated', 1, { tags: ['gone'] });
    await one.set('invalidated, of many', 1, { tags: [...manyTags, 'gone'] });
    await elapse(50);
    await own.raw.set(`${own.keyPrefix}::foreign`, 'no entry');
    await own.raw.lpush(`${own.keyPrefix}::list`, 'no entry');
    await other.invalidateTags('gone');
    for (const cache of [one, other, await own.redis()])
      expect(await listed(cache)).toEqual(['live', 'live and tagged']);
  });

  it('reads the tags of an encrypted entry', async () => {
    const encryption = { keys: [{ id: 'a', key: Buffer.alloc(32, 1) }] };
    const cache = await own.redis({ encryption, enableL1Cache: false });
    await cache.set('plain', 1);
    await cache.set('tagged', 1, { tags: ['kept'] });
    await cache.set('invalidated', 1, { tags: ['gone'] });
    await cache.invalidateTags('gone');
    expect(await listed(cache)).toEqual(['plain', 'tagged']);
  });

  it('counts changes that have not reached Redis yet: lists a set, and no deleted key', async () => {
    const cache = await own.redis({
      ...{ enableL1Cache: false, onError: 'degrade', commandTimeout: '250ms' },
      advanced: { breakerThreshold: 100 },
    });
    await cache.set('deleted', 1);
    await cache.set('stored', 1);
    await own.server.pause();
    await Promise.all([cache.set('journalled', 1), cache.delete('deleted')]);
    expect(cache.stats().journal.recorded).toBe(2);
    await own.server.resume();
    expect(await listed(cache)).toEqual(['journalled', 'stored']);
  });

  it.each<[string, (cache: Cache) => Cache]>([
    ['a cache', (cache) => cache],
    ['a namespace', (cache) => cache.namespace('of')],
    ['a cache with chaos and a spy', (cache) => withChaos(new CacheSpy(cache))],
  ])('%s stops to scan when the consumer leaves the loop', async (_, view) => {
    const cache = view(await own.redis({ enableL1Cache: false }));
    await cache.setMany(Array.from({ length: 20_000 }, (_, i) => [`key:${String(i)}`, 1]));
    const before = await scans();
    const found: string[] = [];
    for await (const key of cache.keys()) if (found.push(key) === 3) break;
    expect(found).toHaveLength(3);
    expect((await scans()) - before).toBe(1);
    await cache.clear();
  });

  it('marks no entry as used, and fills no L1', async () => {
    const [one, other] = [await own.redis(), await own.redis()];
    await one.setMany(['a', 'b'].map((key) => [key, 1]));
    expect(await listed(other)).toEqual(['a', 'b']);
    expect(other.stats()).toMatchObject({ size: 0, hits: 0 });
  });

  it('a cache that runs from memory, as Redis was away at its start, says so too', async () => {
    const redisCache = own.closing(new RedisCache({ redisUrl: 'redis://127.0.0.1:1' }));
    const cache = memoryFallback(redisCache);
    await cache.set('key', 1);
    await expect(listed(cache)).rejects.toThrow(InfrastructureError);
  });

  it('a Redis that is away is an error, never half a list', async () => {
    const cache = own.closing(new RedisCache({ redisUrl: 'redis://127.0.0.1:1' }));
    await cache.set('key', 1);
    await expect(listed(cache)).rejects.toThrow(InfrastructureError);
    expect(cache.stats().errors).toBeGreaterThan(0);
  });
});
