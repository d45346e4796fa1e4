/** Where a cache takes its time from. Tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/**
 * The system's clock, asked at most once a millisecond: on many machines asking takes longer than a cache hit does. A
 * millisecond ends with a timer, so within one run of synchronous code and microtasks time stands still.
 */
class SystemClock implements Clock {
  #now = 0;
  /** Fake timers put another `Date` in place of the one that was asked: then what it said no longer counts. */
  #asked: DateConstructor | undefined;

  now(): number {
    return this.#now !== 0 && this.#asked === Date ? this.#now : this.#ask();
  }

  #ask(): number {
    this.#asked = Date;
    this.#now = Date.now();
    setTimeout(this.#forget, 1).unref();
    return this.#now;
  }

  readonly #forget = (): void => {
    this.#now = 0;
  };
}

export const systemClock: Clock = new SystemClock();
