import type { Clock } from './clock.js';
import { durationMs } from './duration.js';

/**
 * A clock that stands still until it is told to go on: for tests of what happens when a ttl has passed, without waiting.
 *
 * ```ts
 * const clock = new ManualClock();
 * const cache = new InMemoryCache({ clock });
 * clock.advance('5m');
 * ```
 *
 * It is what entries live by. Waits, such as `hardTimeout` or a delay of `withChaos`, are timers of the process, and go by real time.
 */
export class ManualClock implements Clock {
  #now: number;

  /** @param now where it starts; default: 1 January 2030, the same in every run */
  constructor(now: Date | number = Date.UTC(2030, 0, 1)) {
    this.#now = Number(now);
  }

  now(): number {
    return this.#now;
  }

  /**
   * Whole seconds, or a duration with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`. Time never goes back.
   *
   * @throws ValidationError when it is no such duration
   */
  advance(by: number | string): void {
    this.#now += durationMs(by, 'advance');
  }
}
