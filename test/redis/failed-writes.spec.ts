import { CacheClosedError, type Cache } from 'nestjs-cache-infra';

import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { elapse, quietFor } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

/** Of two writes to a Redis that hangs, 150 ms apart, the first one times out before the second. */
const impatient = {
  onError: 'degrade',
  commandTimeout: '250ms',
  advanced: { breakerThreshold: 100 },
} as const;

describe('a write that fails while something newer happens to its key', () => {
  it.each(['delete', 'set'] as const)('%s: the older write is not replayed', async (newer) => {
    const cache = await redis(impatient);
    await own.server.pause();
    const older = cache.set('key', 'older', 60);
    await elapse(150);
    const later = newer === 'delete' ? cache.delete('key') : cache.set('key', 'newer', 60);
    await older;
    await own.server.resume();
    await later;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await quietFor(100);
    const reader = await redis({ enableL1Cache: false });
    expect(await reader.get('key')).toBe(newer === 'delete' ? undefined : 'newer');
  });

  it('a newer set by another instance is not overwritten', async () => {
    const cache = await redis(impatient);
    const other = await redis();
    await own.server.pause();
    const older = cache.set('key', 'older', 60);
    await elapse(100);
    const later = other.set('key', 'newer', 60);
    await older;
    await own.server.resume();
    await later;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await quietFor(100);
    const reader = await redis({ enableL1Cache: false });
    expect(await reader.get('key')).toBe('newer');
  });
});

describe('a delete that fails while something newer is set', () => {
  it('does not take the newer value away when it is replayed', async () => {
    const cache = await redis(impatient);
    await cache.set('key', 'oldest', 60);
    await own.server.pause();
    const deleted = cache.delete('key');
    await elapse(150);
    const set = cache.set('key', 'newer', 60);
    await deleted;
    await own.server.resume();
    await set;
    await until(() => cache.stats().journal.size === 0, 'the journal');
    await quietFor(100);
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBe('newer');
  });
});

describe("a set that the end of the cache overtakes, with onError: 'throw'", () => {
  const entries = Array.from({ length: 2500 }, (_, i) => [`key-${String(i)}`, i] as const);

  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 1, 60)],
    ['setMany', (cache) => cache.setMany(entries, 60)],
  ])('%s rejects', async (_, change) => {
    const cache = await redis({ onError: 'throw' });
    await cache.set('earlier', 1, 60);
    let closed: Promise<void> | undefined;
    cache.on('set', () => {
      closed ??= cache.close();
    });
    await expect(change(cache)).rejects.toBeInstanceOf(CacheClosedError);
    await closed;
    expect(await (await redis()).getMany(['key', 'key-0'])).toEqual(new Map());
  });
});
