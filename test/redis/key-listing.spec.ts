import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';

const own = cachesOnOwnRedis();

async function listed(of: Cache, pattern?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of of.keys(pattern)) keys.push(key);
  return keys.sort();
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

  it('a Redis that is away is an error, never half a list', async () => {
    const cache = own.closing(new RedisCache({ redisUrl: 'redis://127.0.0.1:1' }));
    await cache.set('key', 1);
    await expect(listed(cache)).rejects.toThrow(InfrastructureError);
    expect(cache.stats().errors).toBeGreaterThan(0);
  });
});
