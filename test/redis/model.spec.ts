import fc from 'fast-check';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { armed } from '../support/armed.js';
import { endAll, keys, Model, paths, Real, steps } from '../support/cache-model.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const runs = Number(process.env['RUNS'] ?? 40);
const closing = closingAfterEach();
let server: RedisServer;
beforeAll(async () => {
  server = await ownRedisServer();
});
afterAll(() => server.stop());

/** The formats in which the two instances write their entries; each reads both. */
const shapes: [enableL1Cache: boolean, formats: readonly ['binary' | 'json', 'binary' | 'json']][] = [
  [true, ['binary', 'binary']],
  [false, ['binary', 'binary']],
  [true, ['json', 'json']],
  [false, ['json', 'binary']],
];

describe.each(shapes)(
  'two instances over one Redis behave as one Map does (L1: %p, entries: %p)',
  (enableL1Cache, formats) => {
    it(
      'whatever is done by whom in whatever order, also while loaders run',
      async () => {
        const options = { redisUrl: server.url, onError: 'throw', commandTimeout: '10s' } as const;
        const instances = formats.map((format) =>
          closing(new RedisCache({ ...options, format, enableL1Cache })),
        );
        const writer = closing(new RedisCache({ ...options, enableL1Cache: false }));
        for (const cache of instances) await (enableL1Cache ? armed(cache) : cache.connect());
        // The first invalidation of all makes the table of tags. A load that began before there was one cannot tell it
        // from one that was lost and made anew, and is not stored: to be on the safe side, once.
        await writer.invalidateTags('the first');
        let count = 0;
        // What the channel brings, it brings in order: who has heard of the last change has heard of all before it.
        const settled = async (): Promise<void> => {
          if (!enableL1Cache) return;
          for (const cache of instances) await cache.namespace('settled').get('count');
          await writer.namespace('settled').set('count', ++count);
          for (const cache of instances) {
            const heard = async (): Promise<boolean> =>
              (await cache.namespace('settled').get('count')) === count;
            await until(heard, 'the news');
          }
        };
        // Time is that of Redis: nothing expires but by `expire`.
        const commands = fc.commands(steps([0, 600], [0, 600], false), { maxCommands: 60, size: 'max' });
        await fc.assert(
          fc.asyncProperty(commands, async (all) => {
            const model = new Model(enableL1Cache);
            const real = new Real({ instances, counts: false, settled });
            await writer.clear();
            await settled();
            await fc.asyncModelRun(() => ({ model, real }), all);
            await endAll(model, real, 7);
            for (const path of paths) {
              for (const key of keys) {
                const expected = model.read(path, key);
                const found = await Promise.all([0, 1].map((by) => real.at(by, path).get(key)));
                expect(found).toEqual([expected, expected]);
              }
            }
          }),
          { numRuns: runs, timeout: 10_000 },
        );
      },
      20_000 + runs * 1000,
    );
  },
);
