import type { Clock } from '../../base/clock.js';

/**
 * The time of the windows. It never goes back: when the clock is set back, the windows go on from where they are. When
 * the clock goes ahead (the machine slept, the process was suspended), so do they.
 */
export class WindowTime {
  readonly #clock: Clock;
  /** Milliseconds by which the clock has been set back so far. */
  #lostMs = 0;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.now();
  }

  /** The last reading, in whole seconds since 1970. */
  get second(): number {
    return Math.floor(this.#lastMs / 1000);
  }

  /** Reads the clock. */
  read(): void {
    const now = this.#clock.now() + this.#lostMs;
    if (now < this.#lastMs) this.#lostMs += this.#lastMs - now;
    else this.#lastMs = now;
  }

  /** Milliseconds until the next whole second, 1-1000. */
  get untilNextSecond(): number {
    return 1000 - (this.#lastMs % 1000);
  }

  /** Milliseconds since 1970, by the clock as it is now, of a second of the windows. */
  onClock(second: number): number {
    return second * 1000 - this.#lostMs;
  }
}
