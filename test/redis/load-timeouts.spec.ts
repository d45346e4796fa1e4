import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { HeldLoader } from '../support/held-loader.js';
import { briefly, heldLoad, setStale } from '../support/loads.js';
import { quietFor } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

describe('softTimeout with Redis', () => {
  it('softTimeout serves a value that only Redis has', async () => {
    await setStale(await redis(), 'old');
    const cache = await redis();
    const loader = new HeldLoader();
    await expect(cache.getOrSet('key', loader.load, { ...briefly, softTimeout: '50ms' })).resolves.toBe(
      'old',
    );
    expect(loader.stale).toBe('old');
    const stored = new Promise((resolve) => cache.on('set', resolve));
    loader.succeed('new');
    await stored;
  });

  it('softTimeout serves it while another instance has the lease, too', async () => {
    const [cache, other] = [await redis(), await redis()];
    await setStale(cache, 'old');
    const held = await heldLoad(cache, { ...briefly, lock: true });
    const served = other.getOrSet('key', held.loader.load, { ...briefly, lock: true, softTimeout: '50ms' });
    await expect(served).resolves.toBe('old');
    held.succeed('new');
    await held.value;
    expect(held.loader.runs).toBe(1);
  });
});

describe('softTimeout, and an invalidation of tags by another instance', () => {
  it.each(['tracking', 'none'] as const)(
    'before softTimeout: the stale value is not served; coherence %s',
    async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      await setStale(cache, 'stale', { tags: ['t'] });
      const held = await heldLoad(cache, { ttl: 60, grace: 60, tags: ['t'], softTimeout: '300ms' });
      await other.invalidateTags('t');
      // Past softTimeout.
      expect(await within(400, held.value)).toBe('still waiting');
      held.succeed('new');
      expect(await held.value).toBe('new');
    },
  );
});

describe('a caller with hardTimeout, alone', () => {
  it('aborts the loader when it leaves, and nothing is stored', async () => {
    const cache = await redis();
    const loader = new HeldLoader();
    await expect(cache.getOrSet('key', loader.load, { hardTimeout: '200ms' })).rejects.toThrow('hardTimeout');
    expect(loader.signal?.aborted).toBe(true);
    loader.succeed('slow');
    await quietFor(50);
    expect(await cache.get('key')).toBeUndefined();
  });
});
