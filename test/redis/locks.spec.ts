import { LockLostError, LockNotAcquiredError } from '../../libs/cache-infra/src/base/errors.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { LockContext } from '../../libs/cache-infra/src/cache/contract/lock.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { lockKey } from '../../libs/cache-infra/src/tiers/redis/neighbour-keys.js';
import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred, turn } from '../support/deferred.js';
import { coherences } from '../support/loads.js';
import { ownRedisServer } from '../support/redis.js';
import { elapse } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

/** Takes a lock, and holds it until `end`. */
async function hold(cache: Cache, ttl: `${number}ms` = '10000ms', name = 'job') {
  const [started, work] = [deferred<LockContext>(), deferred<unknown>()];
  const result = cache.lock(name, ttl, (lock) => {
    started.resolve(lock);
    return work.promise;
  });
  result.catch(() => undefined);
  await Promise.race([started.promise, result]);
  return { lock: await started.promise, result, end: work.resolve };
}

const reasonOf = (lock: LockContext): unknown => lock.signal.reason;
const lockOf = (name = 'job'): string => lockKey(own.keyPrefix, '', name);
const waits = (cache: RedisCache): Promise<void> =>
  until(() => engineOf(cache).keySignals.size > 0, 'a caller to wait for the lock');

describe('a lock in Redis', () => {
  it('excludes the other instance, and is released when the work ends', async () => {
    const [one, other] = [await redis(), await redis()];
    const held = await hold(one);
    await expect(other.lock('job', 1, () => 'never', { wait: 0 })).rejects.toThrow(LockNotAcquiredError);
    await expect(other.lock('job', 1, () => 'never', { wait: '50ms' })).rejects.toThrow('waited 50 ms');
    await expect(other.lock('another', 1, () => 'free', { wait: 0 })).resolves.toBe('free');
    held.end('done');
    await expect(held.result).resolves.toBe('done');
    await expect(other.lock('job', 1, ({ token }) => token > held.lock.token, { wait: 0 })).resolves.toBe(
      true,
    );
  });

  it.each(coherences)('a caller that waits is woken by the release; coherence %s', async (coherence) => {
    const [one, other] = [await redis({ coherence }), await redis({ coherence })];
    const held = await hold(one);
    const waiting = other.lock('job', '10s', () => performance.now());
    await waits(other);
    // The answer to the first request is on its way, or the caller waits.
    await other.get('nothing');
    const releasedAt = performance.now();
    held.end('done');
    expect((await waiting) - releasedAt).toBeLessThan(2000);
  });

  it('a lease is renewed while the work runs', async () => {
    const [one, other] = [await redis(), await redis()];
    const held = await hold(one, '300ms');
    await expect(other.lock('job', 1, () => 'never', { wait: '900ms' })).rejects.toThrow(
      LockNotAcquiredError,
    );
    expect(held.lock.signal.aborted).toBe(false);
    held.end('done');
    await held.result;
  });

  it('clear(), patterns and keys() pass it by, at the root and in a namespace', async () => {
    const cache = await redis();
    const inner = cache.namespace('inner');
    const [root, nested] = [await hold(cache), await hold(inner)];
    await cache.set('job', 1);
    await cache.clear();
    await inner.clear();
    await cache.invalidatePattern('*');
    expect(await own.raw.exists(lockOf(), lockKey(own.keyPrefix, 'inner', 'job'))).toBe(2);
    const listed: string[] = [];
    for await (const key of cache.keys()) listed.push(key);
    expect(listed).toEqual([]);
    await expect((await redis()).lock('job', 1, () => 'never', { wait: 0 })).rejects.toThrow(
      LockNotAcquiredError,
    );
    for (const held of [root, nested]) {
      held.end('done');
      await held.result;
    }
  });

  it('a name of any characters and length', async () => {
    const cache = await redis();
    const names = ['{', 'a}b', '{tag}x', 'ключ', 'x'.repeat(5000), '\0', 'a:b'];
    const tokens = await Promise.all(
      names.map((name) => cache.lock(name, 1, ({ token }) => token, { wait: 0 })),
    );
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
  });
});

describe('a lease that is lost', () => {
  it('to a flush: the signal aborts, and the caller gets what its work gives', async () => {
    const cache = await redis();
    const held = await hold(cache, '300ms');
    await own.raw.flushall();
    await until(() => held.lock.signal.aborted, 'the signal to abort');
    expect(reasonOf(held.lock)).toBeInstanceOf(LockLostError);
    expect(reasonOf(held.lock)).toMatchObject({ code: 'CACHE_LOCK_LOST', lock: 'job' });
    held.end('done');
    await expect(held.result).resolves.toBe('done');
  });

  it('to another holder: the old holder does not release the lock of the new one, whose token is higher', async () => {
    const [one, other] = [await redis(), await redis()];
    const first = await hold(one, '300ms');
    await own.raw.del(lockOf());
    const second = await hold(other);
    await until(() => first.lock.signal.aborted, 'the signal to abort');
    first.end('late');
    await first.result;
    expect(second.lock.token).toBeGreaterThan(first.lock.token);
    expect(second.lock.signal.aborted).toBe(false);
    await expect(one.lock('job', 1, () => 'never', { wait: 0 })).rejects.toThrow(LockNotAcquiredError);
    second.end('done');
    await second.result;
  });

  it('of a holder whose connection is cut: the signal aborts no later than the next caller may run', async () => {
    await using proxy = await startTcpProxy({ to: own.server.url });
    const cut = closing(
      new RedisCache({ redisUrl: proxy.url, keyPrefix: own.keyPrefix, commandTimeout: '10s' }),
    );
    await cut.connect();
    const other = await redis();
    const held = await hold(cut, '400ms');
    proxy.cut();
    const hadAborted = await other.lock('job', '10s', () => held.lock.signal.aborted);
    expect(hadAborted).toBe(true);
    expect(reasonOf(held.lock)).toMatchObject({
      message: expect.stringContaining('no renewal was answered for 400 ms'),
    });
    held.end('done');
    await held.result;
  });

  it('a killed connection that comes back within the lease loses nothing', async () => {
    const cache = await redis({ onError: 'degrade' });
    const held = await hold(cache, '3000ms');
    await own.raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(async () => Number((await own.raw.hget(lockOf(), 'u')) ?? 0) > 0);
    const endsAt = await own.raw.hget(lockOf(), 'u');
    await until(async () => (await own.raw.hget(lockOf(), 'u')) !== endsAt, 'a renewal', 5000);
    expect(held.lock.signal.aborted).toBe(false);
    held.end('done');
    await held.result;
    expect(await own.raw.hget(lockOf(), 'h')).toBeNull();
  });

  it('a holder that is frozen for longer than its lease finds its signal aborted', async () => {
    const [one, other] = [await redis(), await redis()];
    const first = await hold(one, '200ms');
    const end = performance.now() + 300;
    while (performance.now() < end); // the event loop stands still
    const second = await hold(other);
    await until(() => first.lock.signal.aborted, 'the signal to abort');
    expect(second.lock.token).toBeGreaterThan(first.lock.token);
    first.end('late');
    second.end('done');
    await Promise.all([first.result, second.result]);
  });
});

describe('a lock while Redis is unavailable', () => {
  it.each(['degrade', 'throw'] as const)('is refused, with onError %s', async (onError) => {
    const server = await ownRedisServer();
    const cache = closing(new RedisCache({ redisUrl: server.url, onError, commandTimeout: '100ms' }));
    await cache.connect();
    await server.stop();
    let runs = 0;
    await expect(cache.lock('job', 1, () => runs++)).rejects.toMatchObject({ code: 'CACHE_INFRASTRUCTURE' });
    expect(runs).toBe(0);
  });

  it('is refused when Redis hangs, and the lease that Redis may have granted is released', async () => {
    const cache = await redis({ onError: 'degrade', commandTimeout: '100ms' });
    await cache.lock('job', 1, () => 'warm');
    await own.server.pause();
    await expect(cache.lock('job', '10s', () => 'never')).rejects.toMatchObject({
      code: 'CACHE_INFRASTRUCTURE',
    });
    await own.server.resume();
    const other = await redis();
    await expect(other.lock('job', '10s', () => 'next')).resolves.toBe('next');
  }, 20_000);

  it('rejects a caller that waits when Redis goes away', async () => {
    const server = await ownRedisServer();
    const make = (): RedisCache =>
      closing(
        new RedisCache({
          redisUrl: server.url,
          commandTimeout: '100ms',
          coherence: 'none',
          enableL1Cache: false,
        }),
      );
    const [one, other] = [make(), make()];
    const held = await hold(one);
    const waiting = other.lock('job', '10s', () => 'never');
    waiting.catch(() => undefined);
    await waits(other);
    await server.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'CACHE_INFRASTRUCTURE' });
    held.end('done');
    await held.result;
  });

  it('is refused to a user who may not run its commands', async () => {
    await own.raw.call(
      'ACL',
      'SETUSER',
      'reader',
      'on',
      'nopass',
      'allkeys',
      'allchannels',
      '+@read',
      '+@connection',
    );
    const url = new URL(own.server.url);
    url.username = 'reader';
    url.password = 'any';
    const cache = closing(
      new RedisCache({ redisUrl: url.href, keyPrefix: own.keyPrefix, enableL1Cache: false }),
    );
    await expect(cache.lock('job', 1, () => 'never')).rejects.toMatchObject({
      code: 'CACHE_INFRASTRUCTURE',
      details: { kind: 'permission' },
    });
  });
});

describe('the end of a cache', () => {
  it('releases the locks whose work ends when its signal aborts', async () => {
    const [one, other] = [await redis(), await redis()];
    const started = deferred();
    const result = one.lock('job', '1m', ({ signal }) => {
      started.resolve();
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve('stopped');
        });
      });
    });
    await started.promise;
    await one.close();
    await expect(result).resolves.toBe('stopped');
    await expect(other.lock('job', 1, () => 'free', { wait: 0 })).resolves.toBe('free');
  });
});

describe('random interleavings of three instances', () => {
  it('never two holders at once, and tokens grow, also while the hash of the lock is lost', async () => {
    const caches = [await redis(), await redis({ coherence: 'none' }), await redis({ enableL1Cache: false })];
    const written: number[] = [];
    let stored = 0;
    let running = 0;
    const work = async ({ token }: LockContext): Promise<void> => {
      expect(++running).toBe(1);
      for (let i = Math.floor(Math.random() * 4); i > 0; i--) await turn();
      expect(token).toBeGreaterThan(stored);
      stored = token;
      written.push(token);
      running--;
      // Between two holders.
      if (Math.random() < 0.1) await own.raw.hdel(lockOf(), 't');
    };
    const calls = caches.flatMap((cache) =>
      Array.from({ length: 40 }, async () => {
        await elapse(Math.random() * 100);
        await cache.lock('job', '10s', work, { wait: '30s' });
      }),
    );
    await Promise.all(calls);
    expect(written).toHaveLength(calls.length);
  }, 60_000);

  it('the writes of holders whose leases get lost are refused by their tokens', async () => {
    const caches = [await redis(), await redis(), await redis()];
    let stored = 0;
    const order: number[] = [];
    const calls = caches.flatMap((cache) =>
      Array.from({ length: 10 }, async () => {
        await elapse(Math.random() * 100);
        await cache.lock(
          'job',
          '200ms',
          async ({ token }) => {
            if (Math.random() < 0.3) await own.raw.del(lockOf());
            await elapse(Math.random() * 20);
            if (token <= stored) return;
            stored = token;
            order.push(token);
          },
          { wait: '30s' },
        );
      }),
    );
    await Promise.all(calls);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(order.length);
  }, 60_000);
});
