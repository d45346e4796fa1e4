import { CacheClosedError, CacheError, type Cache } from 'nestjs-cache-infra';

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

describe("a set in flight when its cache is closed, with onError: 'throw'", () => {
  const entries = Array.from({ length: 2500 }, (_, i) => [`key-${String(i)}`, i] as const);

  /** A cache that is closed as soon as its next set is in the L1. */
  async function closedBySet(options: object = {}): Promise<{ cache: Cache; closed: () => Promise<void> }> {
    const cache = await redis({ onError: 'throw', ...options });
    await cache.set('earlier', 1, 60);
    let closed: Promise<void> | undefined;
    cache.on('set', () => {
      closed ??= cache.close();
    });
    return { cache, closed: async () => closed };
  }

  it('is sent, and resolves', async () => {
    const { cache, closed } = await closedBySet();
    await cache.set('key', 1, 60);
    await closed();
    expect(await (await redis()).get('key')).toBe(1);
  });

  it('rejects if it has entries that were not begun', async () => {
    const { cache, closed } = await closedBySet();
    await expect(cache.setMany(entries, 60)).rejects.toBeInstanceOf(CacheClosedError);
    await closed();
    expect(await (await redis()).get(`key-${String(entries.length - 1)}`)).toBeUndefined();
  });

  it('rejects if Redis does not take it in time', async () => {
    const { cache, closed } = await closedBySet({ commandTimeout: '30s' });
    await own.server.pause();
    await expect(cache.set('key', 1, 60)).rejects.toBeInstanceOf(CacheError);
    await closed();
    await own.server.resume();
  });
});
