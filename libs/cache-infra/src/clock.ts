/** Where a cache takes its time from. Tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A clock with a cheaper, coarser reading for the one path that is too hot for `now`. */
export interface CoarseClock extends Clock {
  /** As `now`, at most about a millisecond late while the event loop turns; stands still while synchronous code runs. */
  readonly coarse: () => number;
}

/**
 * The system's clock. On many machines asking it takes about as long as a cache hit does, so its coarse reading asks once a
 * millisecond: a reading is forgotten by a timer. Whoever asks exactly (every miss, load and store) renews the coarse reading, too.
 */
class SystemClock implements CoarseClock {
  #coarse = 0;
  /** Tests put another `Date.now` in place of the one that was asked: then what it said no longer counts. */
  #asked: (() => number) | undefined;

  now(): number {
    const now = Date.now();
    if (this.#coarse !== 0) {
      this.#coarse = now;
      this.#asked = Date.now;
    }
    return now;
  }

  /** A function by itself, that `lru-cache` can call without another around it. */
  readonly coarse = (): number => {
    return this.#coarse !== 0 && this.#asked === Date.now ? this.#coarse : this.#ask();
  };

  #ask(): number {
    this.#asked = Date.now;
    this.#coarse = Date.now();
    setTimeout(this.#forget, 1).unref();
    return this.#coarse;
  }

  readonly #forget = (): void => {
    this.#coarse = 0;
  };
}

export const systemClock: CoarseClock = new SystemClock();

/** The clock itself when it has a coarse reading; else its exact one stands in for it. */
export function coarseClock(clock: Clock): Pick<CoarseClock, 'coarse'> {
  return clock === systemClock ? systemClock : { coarse: () => clock.now() };
}
