import fc from 'fast-check';

import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { CachePerformanceMonitor } from '../performance-monitor.js';
import { windowNames, windowSteps } from './window-report.js';

/** Some misses of a key of some group; then the clock moves, back or ahead, and the windows are read or not. */
const turn = fc.record({
  misses: fc.integer({ min: 0, max: 5 }),
  group: fc.constantFrom('user', 'page'),
  moveMs: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 3, arbitrary: fc.integer({ min: 3000, max: 4_000_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 80_000_000, max: 400_000_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -4_000_000, max: -1 }) },
  ),
});

describe('the windows, against a list of all events', () => {
  it('agree in every step, whatever the clock does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 40 }), async (turns) => {
        let now = new ManualClock().now();
        const monitor = new CachePerformanceMonitor({ clock: { now: () => now }, sampleEvery: 1 });
        await using cache = new InMemoryCache({ monitor });
        /** Milliseconds of the windows: a clock that is set back stands still. */
        let time = now;
        const events: { second: number; group: string }[] = [];
        for (const { misses, group, moveMs } of turns) {
          for (let i = 0; i < misses; i++) {
            await cache.get(`${group}:${String(i)}`);
            events.push({ second: Math.floor(time / 1000), group: `${group}:*` });
          }
          // Every reading counts the events so far in the step that they were made in.
          monitor.windows('1m');
          now += moveMs;
          time += Math.max(0, moveMs);
          for (const window of windowNames) {
            const { steps, seconds } = windowSteps[window];
            const open = Math.floor(time / 1000 / seconds);
            const series = Array.from({ length: steps }, (_, i) => {
              return events.filter(({ second }) => Math.floor(second / seconds) === open - steps + 1 + i)
                .length;
            });
            const report = monitor.windows(window);
            expect(report.caches[0]?.series.misses).toEqual(series);
            expect(report.endsAt).toBe((open + 1) * seconds * 1000 - (time - now));
            const within = events.filter(({ second }) => Math.floor(second / seconds) > open - steps);
            expect(report.caches[0]?.counts.misses).toBe(within.length);
            for (const each of ['user:*', 'page:*']) {
              const expected = within.filter(({ group: of }) => of === each).length;
              expect(report.groups.find(({ group: of }) => of === each)?.misses ?? 0).toBe(expected);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
