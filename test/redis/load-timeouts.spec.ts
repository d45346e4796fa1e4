import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { HeldLoader } from '../support/held-loader.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { pause } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

describe('softTimeout with Redis', () => {
  const options = { ttl: '50ms', grace: 60 };
  const pastTtl = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 80));

  it('softTimeout serves a value that only Redis has', async () => {
    await (await redis()).set('key', 'old', options);
    await pastTtl();
    const cache = await redis();
    const loader = new HeldLoader();
    await expect(cache.getOrSet('key', loader.load, { ...options, softTimeout: '50ms' })).resolves.toBe(
      'old',
    );
    expect(loader.stale).toBe('old');
    const stored = new Promise((resolve) => cache.on('set', resolve));
    loader.succeed('new');
    await stored;
  });

  it('softTimeout serves it while another instance has the lease, too', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', options);
    await pastTtl();
    const loader = new HeldLoader();
    const first = cache.getOrSet('key', loader.load, { ...options, lock: true });
    await loader.started;
    const served = other.getOrSet('key', loader.load, { ...options, lock: true, softTimeout: '50ms' });
    await expect(served).resolves.toBe('old');
    loader.succeed('new');
    await first;
    expect(loader.runs).toBe(1);
  });
});

describe('softTimeout, and an invalidation of tags by another instance', () => {
  it.each(['tracking', 'none'] as const)(
    'before softTimeout: the stale value is not served; coherence %s',
    async (coherence) => {
      const [cache, other] = [await redis({ coherence }), await redis({ coherence })];
      await cache.set('key', 'stale', { ttl: '50ms', grace: 60, tags: ['t'] });
      await pause(80);
      const end = deferred<string>();
      const started = deferred();
      const loaded = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return end.promise;
        },
        { ttl: 60, grace: 60, tags: ['t'], softTimeout: '300ms' },
      );
      await started.promise;
      await other.invalidateTags('t');
      await pause(400);
      end.resolve('new');
      expect(await loaded).toBe('new');
    },
  );
});

describe('a caller with hardTimeout, alone', () => {
  it('aborts the loader when it leaves, and nothing is stored', async () => {
    const cache = await redis();
    const end = deferred<string>();
    await expect(cache.getOrSet('key', () => end.promise, { hardTimeout: '50ms' })).rejects.toThrow(
      'hardTimeout',
    );
    end.resolve('slow');
    await pause(50);
    expect(await cache.get('key')).toBeUndefined();
  });
});
