import fc from 'fast-check';

import { endAll, keys, Model, paths, Real, steps } from '../../../../test/support/cache-model.js';
import { InMemoryCache } from './in-memory-cache.js';

describe('InMemoryCache behaves as a Map does', () => {
  it('whatever is done in whatever order, also while loaders run', async () => {
    const commands = fc.commands(steps([0, 1, 5, 60], [0, 5, 60], true), { maxCommands: 80, size: 'max' });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const model = new Model(true);
        const cache = new InMemoryCache({ advanced: { clock: model.clock }, maxSize: 1000 });
        const real = new Real({ instances: [cache], counts: true, settled: () => Promise.resolve() });
        try {
          await fc.asyncModelRun(() => ({ model, real }), all);
          await endAll(model, real, 7);
          for (const path of paths) {
            for (const key of keys) expect(await real.at(0, path).get(key)).toBe(model.read(path, key));
          }
        } finally {
          await cache.close();
        }
      }),
      { numRuns: 100 },
    );
  });
});
