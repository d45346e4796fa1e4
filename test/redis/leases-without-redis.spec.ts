import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { HeldLoader } from '../support/held-loader.js';
import { heldLoad, waitsForLease } from '../support/loads.js';
import { ownRedisServer } from '../support/redis.js';
import { elapse } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

describe('guarantee 2: leases while Redis is away', () => {
  it('with Redis away loads go on, in the process', async () => {
    const own = await ownRedisServer();
    const cache = closing(new RedisCache({ redisUrl: own.url, commandTimeout: '100ms', lock: true }));
    await cache.get('nothing');
    let isAway = false;
    cache.on('degraded', () => (isAway = true));
    await own.stop();
    await until(() => isAway, 'Redis to be gone');
    const loader = new HeldLoader();
    const callers = Array.from({ length: 10 }, () => cache.getOrSet('key', loader.load));
    await loader.started;
    loader.succeed('value');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
    expect(loader.runs).toBe(1);
    expect(await cache.get('key')).toBe('value');
  });

  it('with a Redis that hangs while the lease is waited for, loads go on', async () => {
    const [cache, other] = [await redis(), await redis({ onError: 'degrade', commandTimeout: '100ms' })];
    const held = await heldLoad(cache, { lock: true });
    const waiting = other.getOrSet('key', () => 'local', { lock: true });
    await waitsForLease(other);
    await own.server.pause();
    await expect(waiting).resolves.toBe('local');
    await own.server.resume();
    held.succeed('value');
    await held.value;
  }, 15_000);

  it('Redis hangs in mid-load: the caller gets its value', async () => {
    const leaseMs = 300;
    const leaseDuration = `${leaseMs}ms` as const;
    const cache = await redis({ onError: 'degrade', commandTimeout: '250ms', advanced: { leaseDuration } });
    const held = await heldLoad(cache, { lock: true });
    await own.server.pause();
    await elapse(2 * leaseMs);
    held.succeed('value');
    expect(await within(3000, held.value)).toBe('value');
    expect(
      await within(
        3000,
        cache.getOrSet('other', () => 'x', { lock: true }),
      ),
    ).toBe('x');
    await own.server.resume();
  });
});
