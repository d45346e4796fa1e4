import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { CacheSpy } from '../../testing/cache-spy.js';
import { withChaos } from '../../testing/chaos-cache.js';
import { CacheClosedError, InfrastructureError, ValidationError } from '../../base/errors.js';
import type { Cache } from '../contract/cache.js';
import { InMemoryCache } from '../in-memory-cache.js';

const clock = new ManualClock();
let cache: InMemoryCache;
beforeEach(() => {
  cache = new InMemoryCache({ advanced: { clock } });
});
afterEach(() => cache.close());

async function listed(of: Cache, pattern?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of of.keys(pattern)) keys.push(key);
  return keys.sort();
}

describe('T42: keys() of a cache in memory', () => {
  it('lists every key, without a pattern', async () => {
    await cache.setMany([
      ['user:1', 1],
      ['user:2', 2],
      ['order:1', 3],
    ]);
    expect(await listed(cache)).toEqual(['order:1', 'user:1', 'user:2']);
  });

  it('lists the keys that invalidatePattern would delete', async () => {
    for (const key of ['user:1', 'user:12', 'user:*', 'order:1']) await cache.set(key, 1);
    expect(await listed(cache, 'user:*')).toEqual(['user:*', 'user:1', 'user:12']);
    expect(await listed(cache, 'user:?')).toEqual(['user:*', 'user:1']);
    expect(await listed(cache, 'user:\\*')).toEqual(['user:*']);
  });

  it('lists the keys of its own namespace, as they were given', async () => {
    const users = cache.namespace('users');
    await cache.set('root', 1);
    await cache.set('\0odd', 1);
    await users.set('1', 1);
    await users.namespace('eu').set('2', 1);
    expect(await listed(cache)).toEqual(['\0odd', 'root']);
    expect(await listed(users)).toEqual(['1']);
  });

  it('lists no expired, stale or invalidated entry', async () => {
    await cache.set('expired', 1, 1);
    await cache.set('stale', 1, { ttl: 1, grace: '1h' });
    await cache.set('tagged', 1, { tags: ['tag'] });
    await cache.set('live', 1);
    await cache.invalidateTags('tag');
    clock.advance(1000);
    expect(await listed(cache)).toEqual(['live']);
  });

  it('lists on while entries come and go', async () => {
    for (let i = 0; i < 10; i++) await cache.set(`key:${i}`, i);
    const seen: string[] = [];
    for await (const key of cache.keys()) {
      seen.push(key);
      await cache.delete(key);
      await cache.set(`new:${key}`, 1);
    }
    expect(seen).toHaveLength(10);
  });

  it('counts no hit, and does not mark an entry as used', async () => {
    await using small = new InMemoryCache({ maxSize: 3 });
    for (const key of ['a', 'b', 'c']) await small.set(key, 1);
    await listed(small);
    await small.set('d', 1);
    expect(await listed(small)).toEqual(['b', 'c', 'd']);
    expect(small.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('lets the event loop run while it looks for a rare key', async () => {
    await using large = new InMemoryCache({ maxSize: 200_000 });
    await large.setMany(Array.from({ length: 200_000 }, (_, i) => [`key:${String(i)}`, i]));
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    expect(await listed(large, `*${'?'.repeat(40)}`)).toEqual([]);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });

  it('ends when the consumer leaves the loop, and lists anew in the next one', async () => {
    await cache.setMany(['a', 'b', 'c'].map((key) => [key, 1]));
    const spied = withChaos(new CacheSpy(cache));
    for await (const key of spied.keys()) {
      expect(key).toHaveLength(1);
      break;
    }
    expect(await listed(spied)).toEqual(['a', 'b', 'c']);
  });

  it('rejects a bad pattern and a closed cache when it is iterated', async () => {
    await expect(listed(cache, '')).rejects.toThrow(ValidationError);
    await cache.close();
    await expect(listed(cache)).rejects.toThrow(CacheClosedError);
  });

  it('a spy writes the call down', async () => {
    const spy = new CacheSpy(cache);
    await spy.set('key', 1);
    expect(await listed(spy, 'k*')).toEqual(['key']);
    expect(spy.callsOf('keys')).toMatchObject([{ args: ['k*'] }]);
  });

  it('an unavailable backend is an error, never a partial list', async () => {
    const chaos = withChaos(cache);
    chaos.chaos.down();
    await expect(listed(chaos)).rejects.toThrow(InfrastructureError);
  });
});
