import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { HeldLoader } from '../support/held-loader.js';
import { heldLoad } from '../support/loads.js';
import { elapse } from '../support/time.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

describe('guarantee 2: one load for all callers', () => {
  it('issue: shown by 2: 10,000 concurrent callers, one cold key, 1 loader run', async () => {
    const caches = [
      closing(new InMemoryCache()),
      await redis({ enableL1Cache: false }),
      await redis({ keyPrefix: `${own.keyPrefix}both` }),
    ];
    for (const cache of caches) {
      const loader = new HeldLoader();
      const callers = Array.from({ length: 10_000 }, () => cache.getOrSet('key', loader.load));
      await loader.started;
      loader.succeed('value');
      expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
      expect(loader.runs).toBe(1);
    }
  });

  it.each([true, false])(
    'issue: shown by 2: 20 staggered callers of a failing loader, never two at once (L1: %p)',
    async (enableL1Cache) => {
      const cache = await redis({ enableL1Cache });
      let [running, most] = [0, 0];
      const load = async (): Promise<never> => {
        most = Math.max(most, ++running);
        await elapse(20);
        running--;
        throw new Error('down');
      };
      const callers: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        callers.push(cache.getOrSet('key', load).catch((error: unknown) => error));
        await elapse(7);
      }
      await Promise.all(callers);
      expect(most).toBe(1);
    },
  );
});

describe('10,000 callers', () => {
  it.each([false, true])('one run; a failure is told to all; nothing unhandled; lock %s', async (lock) => {
    const cache = await redis();
    const loader = new HeldLoader();
    const calls = Array.from({ length: 10_000 }, (_, i) =>
      cache.getOrSet(
        'key',
        loader.load,
        i % 3 ? { lock } : { lock, hardTimeout: '10s', signal: new AbortController().signal },
      ),
    );
    const settled = Promise.allSettled(calls);
    await loader.started;
    loader.fail();
    const outcomes = await settled;
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(loader.runs).toBe(1);
  });
});

describe('forceRefresh', () => {
  it('readers keep the old value while it runs, also without an L1', async () => {
    const cache = await redis({ enableL1Cache: false });
    await cache.set('key', 'old');
    const held = await heldLoad(cache, { forceRefresh: true });
    const reader = cache.getOrSet('key', () => 'not run');
    expect(await within(1000, reader)).toBe('old');
    held.succeed('new');
    await held.value;
    await reader;
  });
});
