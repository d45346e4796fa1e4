import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { armed } from '../support/armed.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { elapse } from '../support/time.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();

let proxy: TcpProxy;
beforeEach(async () => {
  proxy = await startTcpProxy({ to: own.server.url });
});
afterEach(() => proxy.close());

/** An instance that can be cut off. */
async function behindProxy(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
  const { keyPrefix } = own;
  const cache = own.closing(new RedisCache({ redisUrl: proxy.url, keyPrefix, ...options }));
  return options.coherence === 'none' ? cache : armed(cache);
}

/** What is done while `cache` is cut off; afterwards it has made up for it. */
async function inPartition(cache: RedisCache, work: () => Promise<unknown>): Promise<void> {
  const recovered = new Promise((resolve) => cache.on('recovered', resolve));
  proxy.cut();
  await until(async () => (await cache.health()).tiers.l2?.status === 'away', 'the partition to be noticed');
  await work();
  proxy.resume();
  await recovered;
  await until(() => cache.stats().journal.size === 0, 'the journal to be replayed', 10_000);
}

describe('guarantee 4: a set made in a partition does not bring back what another instance removed meanwhile', () => {
  it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('key')],
    ['deleteMany', (cache) => cache.deleteMany(['key', 'other'])],
    ['invalidatePattern', (cache) => cache.invalidatePattern('k?y')],
    ['clear', (cache) => cache.clear()],
  ])('%s of a key that was there, and of one that was not', async (_, remove) => {
    const other = await own.redis();
    for (const before of ['there', 'not there']) {
      const cache = await behindProxy();
      if (before === 'there') await other.set('key', 'old');
      await inPartition(cache, async () => {
        await cache.set('key', 'from the partition');
        await remove(other);
      });
      expect(await other.get('key')).toBeUndefined();
      expect(await cache.get('key')).toBeUndefined();
      expect(cache.stats().journal).toMatchObject({ superseded: 1, dropped: 0 });
      await cache.close();
    }
  });

  it('a set that came after the delete is there', async () => {
    const [cache, other] = [await behindProxy(), await own.redis()];
    await other.set('key', 'old');
    await inPartition(cache, async () => {
      await other.delete('key');
      await other.invalidatePattern('other*');
      await elapse(50);
      await cache.set('key', 'new');
    });
    expect(await other.get('key')).toBe('new');
    expect(await cache.get('key')).toBe('new');
  });

  it('a tombstone and the mark of a clear leave by themselves, and no clear counts them', async () => {
    const cache = await own.redis({ advanced: { journalHorizon: '300ms' } });
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    await cache.deleteMany(['a', 'b', 'c']);
    expect(await own.raw.keys(`${own.keyPrefix}:!d:*`)).toHaveLength(3);
    expect(await cache.invalidatePattern('*')).toBe(0);
    const left = await own.raw.keys(`${own.keyPrefix}:*`);
    expect(left).toHaveLength(5);
    for (const trace of left) {
      expect(await own.raw.pttl(trace)).toBeGreaterThan(0);
      // Loads under way compare them, however short the horizon is.
      expect(await own.raw.pttl(trace)).toBeLessThanOrEqual(10_000);
    }
  });

  it('with journalHorizon 0 no set is replayed: a delete is, in its place', async () => {
    const [cache, other] = [
      await behindProxy({ advanced: { journalHorizon: 0 } }),
      await own.redis({ advanced: { journalHorizon: 0 } }),
    ];
    await other.set('key', 'old');
    await inPartition(cache, async () => {
      await cache.set('key', 'new');
      await other.delete('unrelated');
    });
    expect(await other.get('key')).toBeUndefined();
  });
});

describe('T35: changes that are replayed are told of under every kind of coherence', () => {
  it.each(['tracking', 'broadcast', 'pubsub'] as const)('%s', async (coherence) => {
    const cache = await behindProxy({ coherence });
    const other = await own.redis({ coherence });
    for (const key of ['k', 'd', 'p:1']) await other.set(key, 'old');
    await other.set('t', 'old', { tags: ['t'] });
    await inPartition(cache, async () => {
      await cache.set('k', 'new');
      await cache.delete('d');
      await cache.invalidatePattern('p:*');
      await cache.invalidateTags('t');
    });
    await until(async () => (await other.get('k')) === 'new', 'the set to be heard of');
    for (const key of ['d', 'p:1', 't'])
      await until(async () => (await other.get(key)) === undefined, `the change of ${key} to be heard of`);
  });
});

describe('T29: a Redis that refuses everything for a while loses nothing', () => {
  it('BUSY', async () => {
    const cache = await own.redis({
      onError: 'degrade',
      commandTimeout: '250ms',
      advanced: { breakerThreshold: 2 },
    });
    const other = await own.redis();
    await cache.set('price', 'old');
    await cache.set('name', 'old');
    await cache.set('page', 'old', { tags: ['t'] });
    await own.raw.config('SET', 'busy-reply-threshold', '1');
    const lua = `local s = redis.call('TIME')[1] while redis.call('TIME')[1] - s < 4 do end return 1`;
    const script = own.raw.duplicate();
    const busy = script.eval(lua, 0).catch(() => undefined);
    await until(
      async () =>
        own.raw.ping().then(
          () => false,
          (error: unknown) => String(error).includes('BUSY'),
        ),
      'BUSY',
    );

    await cache.delete('price');
    await cache.set('name', 'new');
    await cache.invalidateTags('t');
    for (let i = 0; i < 5; i++) await cache.get(`nothing${String(i)}`);
    expect((await cache.health()).status).toBe('degraded');

    await busy;
    script.disconnect();
    await until(() => cache.stats().journal.size === 0, 'the journal to be replayed', 15_000);
    expect(cache.stats().journal.dropped).toBe(0);
    await until(async () => (await other.get('price')) === undefined, 'the delete');
    expect(await other.get('name')).toBe('new');
    expect(await other.get('page')).toBeUndefined();
  });
});

describe('T31: an invalidation of tags and a set of an outage keep their order', () => {
  it('a set that follows an own invalidation of its tag is there', async () => {
    const [cache, other] = [await behindProxy(), await own.redis()];
    await other.set('key', 1, { tags: ['t'] });
    await cache.get('key');
    await inPartition(cache, async () => {
      await cache.invalidateTags('t');
      await cache.set('key', 2, { tags: ['t'] });
    });
    expect(await cache.get('key')).toBe(2);
    expect(await other.get('key')).toBe(2);
    expect(cache.stats().journal).toMatchObject({ replayed: 2, dropped: 0, superseded: 0 });
  });

  it('a set that an own invalidation of its tag follows is gone', async () => {
    const [cache, other] = [await behindProxy(), await own.redis()];
    await inPartition(cache, async () => {
      await cache.set('key', 2, { tags: ['t'] });
      await cache.invalidateTags('t');
    });
    expect(await cache.get('key')).toBeUndefined();
    expect(await other.get('key')).toBeUndefined();
  });

  it('a set that another instance overtakes by its tag is gone, whatever was invalidated here before', async () => {
    for (const invalidates of [true, false]) {
      const [cache, other] = [await behindProxy(), await own.redis()];
      await other.set('key', 1, { tags: ['t'] });
      await inPartition(cache, async () => {
        if (invalidates) await cache.invalidateTags('t');
        await cache.set('key', 2, { tags: ['t'] });
        await other.invalidateTags('t');
      });
      expect(await cache.get('key')).toBeUndefined();
      expect(await other.get('key')).toBeUndefined();
    }
  });

  it('a set that another instance overtakes by its tag is gone, where the own clock runs ahead of Redis', async () => {
    let aheadMs = 0;
    const cache = await behindProxy({ advanced: { clock: { now: () => Date.now() + aheadMs } } });
    const other = await own.redis();
    await other.set('key', 1, { tags: ['t'] });
    await cache.get('key');
    aheadMs = 5;
    await inPartition(cache, async () => {
      await cache.invalidateTags('t');
      await cache.set('key', 2, { tags: ['t'] });
      await other.invalidateTags('t');
    });
    expect(await cache.get('key')).toBeUndefined();
    expect(await other.get('key')).toBeUndefined();
  });

  it('a set long after another instance invalidated its tag is there', async () => {
    const [cache, other] = [await behindProxy(), await own.redis()];
    await other.set('key', 1, { tags: ['t'] });
    await cache.get('key');
    await inPartition(cache, async () => {
      await other.invalidateTags('t');
      const invalidatedAt = Date.now();
      await until(() => Date.now() > invalidatedAt + 100, 'the clocks to tell the two apart');
      await cache.set('key', 2, { tags: ['t'] });
    });
    expect(await other.get('key')).toBe(2);
  });
});

describe('T30: a clock that is an hour ahead', () => {
  it('keeps no later change of another instance from being replayed', async () => {
    let shift = 0;
    const ahead = await own.redis({ advanced: { clock: { now: () => Date.now() + shift } } });
    const cache = await behindProxy();
    shift = 3_600_000;
    await ahead.set('deleted', 'old');
    await ahead.set('set', 'old');
    await inPartition(cache, async () => {
      await cache.delete('deleted');
      await cache.set('set', 'new');
    });
    expect(await cache.get('deleted')).toBeUndefined();
    expect(await (await own.redis()).get('set')).not.toBe('old');
  });
});

describe.each(['binary', 'json'] as const)(
  'of two sets the later one stays, with entries in %s',
  (format) => {
    it.each(['in the partition', 'by another instance'])('%s', async (last) => {
      const [cache, other] = [await behindProxy({ format }), await own.redis({ format })];
      await other.set('key', 'old');
      await inPartition(cache, async () => {
        if (last === 'by another instance') await cache.set('key', 'from the partition');
        else await other.set('key', 'by the other');
        await elapse(50);
        if (last === 'by another instance') await other.set('key', 'by the other');
        else await cache.set('key', 'from the partition');
      });
      const expected = last === 'by another instance' ? 'by the other' : 'from the partition';
      expect(await other.get('key')).toBe(expected);
      expect(await cache.get('key')).toBe(expected);
    });
  },
);
