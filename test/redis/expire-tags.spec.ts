import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { coherences } from '../support/loads.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const tagged = { ttl: 600, grace: 600, tags: ['tag'] };
const down = (): never => {
  throw new Error('the origin is down');
};

describe.each(coherences)('expireTags with coherence %s', (coherence) => {
  const l1 = coherence !== 'none';

  it('makes the entry stale in every instance, and in one that starts later', async () => {
    const options = { coherence, enableL1Cache: l1 };
    const [one, other] = [await redis(options), await redis(options)];
    await one.set('key', 'old', tagged);
    expect(await other.get('key')).toBe('old');
    await one.expireTags('tag');
    expect(await one.get('key')).toBeUndefined();
    await until(async () => (await other.get('key')) === undefined, 'the news');
    const later = await redis(options);
    expect([await later.get('key'), (await later.getMany(['key'])).size]).toEqual([undefined, 0]);
    for (const each of [one, other, later])
      await expect(each.getOrSet('key', down, tagged)).resolves.toBe('old');
  });

  it('one load makes it fresh again everywhere', async () => {
    const options = { coherence, enableL1Cache: l1 };
    const [one, other] = [await redis(options), await redis(options)];
    await one.set('key', 'old', tagged);
    await other.expireTags('tag');
    await until(async () => (await one.get('key')) === undefined, 'the news');
    await expect(one.getOrSet('key', () => 'new', tagged)).resolves.toBe('new');
    await until(async () => (await other.get('key')) === 'new', 'the new value');
  });
});

describe('expireTags in Redis', () => {
  it('an entry without grace is a miss in every instance', async () => {
    const [one, other] = [await redis(), await redis()];
    await one.set('key', 'old', { ttl: 600, tags: ['tag'] });
    expect(await other.get('key')).toBe('old');
    await one.expireTags('tag');
    await until(async () => (await other.get('key')) === undefined, 'the news');
    await expect(other.getOrSet('key', down, { tags: ['tag'] })).rejects.toThrow('down');
  });

  it('is not listed by keys()', async () => {
    const cache = await redis();
    await cache.set('key', 'old', tagged);
    await cache.expireTags('tag');
    const listed: string[] = [];
    for await (const key of (await redis()).keys()) listed.push(key);
    expect(listed).toEqual([]);
  });

  it('made during an outage reaches other instances after it', async () => {
    const proxy = await startTcpProxy({ to: own.server.url });
    try {
      const cut = await redis({
        redisUrl: proxy.url,
        ...patient,
        onError: 'degrade',
        commandTimeout: '100ms',
      });
      const other = await redis();
      await cut.set('key', 'old', tagged);
      expect(await other.get('key')).toBe('old');
      proxy.cut();
      await cut.expireTags('tag');
      expect(await cut.get('key')).toBeUndefined();
      expect(await other.get('key')).toBe('old');
      proxy.resume();
      await until(async () => (await other.get('key')) === undefined, 'the replay');
      await expect(other.getOrSet('key', down, tagged)).resolves.toBe('old');
    } finally {
      await proxy.close();
    }
  });
});
