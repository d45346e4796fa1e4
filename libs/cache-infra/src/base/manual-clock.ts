import type { Clock } from './clock.js';
import { durationMs, type Ttl } from './duration.js';

/**
 * A clock that only `advance` moves: for tests of expiry without waiting.
 *
 * ```ts
 * const clock = new ManualClock();
 * const cache = new InMemoryCache({ advanced: { clock } });
 * clock.advance('5m');
 * ```
 *
 * The clock drives the ttl of entries. Time-outs, such as `hardTimeout` or a delay of `withChaos`, are timers of the
 * process and run in real time.
 */
export class ManualClock implements Clock {
  #now: number;

  /** @param now initial time; default: 1 January 2030, the same in every run */
  constructor(now: Date | number = Date.UTC(2030, 0, 1)) {
    this.#now = Number(now);
  }

  now(): number {
    return this.#now;
  }

  /**
   * Moves the clock forward by whole seconds, or by a duration with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`.
   *
   * @throws ValidationError for an invalid duration
   */
  advance(by: Ttl): void {
    this.#now += durationMs(by, 'advance');
  }
}
