import type { Clock } from '../../libs/cache-infra/src/base/clock.js';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Milliseconds. */
  advance(ms: number): void {
    this.#now += ms;
  }
}
