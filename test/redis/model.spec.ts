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

describe.each([true, false])(
  'two instances over one Redis behave as one Map does (L1: %p)',
  (enableL1Cache) => {
    it(
      'whatever is done by whom in whatever order, also while loaders run',
      async () => {
        const options = { redisUrl: server.url, onError: 'throw', commandTimeout: '10s' } as const;
        const instances = [1, 2].map(() => closing(new RedisCache({ ...options, enableL1Cache })));
        const writer = closing(new RedisCache({ ...options, enableL1Cache: false }));
        for (const cache of instances) await (enableL1Cache ? armed(cache) : cache.connect());
        let count = 0;
        let runsWithLoss = 0;
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
            const loaded = 7;
            await endAll(model, real, loaded);
            let isLost = false;
            for (const path of paths) {
              for (const key of keys) {
                const expected = model.read(path, key);
                const found = await Promise.all([0, 1].map((by) => real.at(by, path).get(key)));
                // News that comes late may keep the value of a load from being stored: rarely, and nobody gets another one instead.
                if (expected === loaded && found.every((value) => value === undefined)) isLost = true;
                else expect(found).toEqual([expected, expected]);
              }
            }
            if (isLost) runsWithLoss++;
          }),
          { numRuns: runs, timeout: 10_000 },
        );
        expect(runsWithLoss).toBeLessThanOrEqual(Math.ceil(runs / 20));
      },
      20_000 + runs * 1000,
    );
  },
);
