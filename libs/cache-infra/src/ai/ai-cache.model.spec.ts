import { World, type Mix } from '../../../../test/support/ai-world.js';
import { expectNoUnhandledRejections } from '../../../../test/support/unhandled-rejections.js';
import type { AiCacheControl } from './call/control.js';

const rounds = 200;

const accept = { accept: (): boolean => false };
const stored: readonly AiCacheControl[] = [{}, {}, {}, {}, { onlyIfCached: true }];
const unstored: readonly AiCacheControl[] = [{ noStore: true }, { bypass: true }];

const mix: Mix = {
  calls: ['run', 'stream', 'stream', 'batch', 'peek', 'warm', 'invalidate'],
  controls: [...stored, ...unstored, { refresh: true }, { noCache: true }, accept],
};

describe('all calls, in random order', () => {
  expectNoUnhandledRejections();

  it('200 rounds: each answer is whole, of its request, accepted, admitted, and newer than what is gone', async () => {
    let served = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      const world = new World(seed, mix);
      await world.play(16);
      served += world.served;
      expect([seed, world.faults]).toEqual([seed, []]);
    }
    // Not vacuous.
    expect(served).toBeGreaterThan(3 * rounds);
  });
});
