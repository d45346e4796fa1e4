/** The time source of a cache. Tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A clock with a cheaper, coarser reading for the hot path of L1 hits. */
export interface CoarseClock extends Clock {
  /** Like `now`, but up to a millisecond or 63 readings late, whichever ends first. */
  readonly coarse: () => number;
}

/** Coarse readings served by one reading of the system clock. */
const readingsPerLook = 64;
/** Milliseconds between two comparisons of the wall clock with the monotonic clock. */
const lookEveryMs = 100;
/** Difference of the two clocks that is ignored: more than rounding and clock adjustment cause. Milliseconds. */
const toleranceMs = 10;

/** The wall clock and the monotonic clock of one machine. */
export interface ClockSources {
  /** Milliseconds since the Unix epoch. */
  readonly wall: () => number;
  /** Milliseconds since an arbitrary origin. */
  readonly monotonic: () => number;
}

/**
 * The wall clock, corrected when it is set back: an entry must not live longer for it. When the wall clock runs ahead
 * of the monotonic clock, the wall clock is right: the machine slept, or the process was frozen.
 */
export class SteadyClock implements Clock {
  readonly #sources: ClockSources;
  /** Milliseconds by which the wall clock has been set back so far. */
  #lostMs = 0;
  #wall: number;
  #monotonic: number;

  constructor(sources: ClockSources) {
    this.#sources = sources;
    this.#wall = sources.wall();
    this.#monotonic = sources.monotonic();
  }

  now(): number {
    const wall = this.#sources.wall();
    // Compare the clocks only now and then: reading both takes twice as long.
    if (wall < this.#wall || wall >= this.#wall + lookEveryMs) this.#compare(wall);
    return wall + this.#lostMs;
  }

  #compare(wall: number): void {
    const monotonic = this.#sources.monotonic();
    const lost = this.#wall + (monotonic - this.#monotonic) - wall;
    if (lost > toleranceMs) this.#lostMs += lost;
    this.#wall = wall;
    this.#monotonic = monotonic;
  }
}

/** The native functions; `undefined` when a test replaced `Date.now` before this module was loaded. */
const systemNow = isNative(Date.now) ? Date.now : undefined;
const systemTimeout = setTimeout;
const monotonicNow = performance.now.bind(performance);

/** The wall clock of the process, or its replacement in a test. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * The default clock of caches: the system clock, corrected by {@link SteadyClock}. On many machines reading it takes
 * about as long as a cache hit, so one coarse reading serves several hits. A reading expires after a millisecond, by a
 * timer, and after a number of uses, because timers do not run while a program awaits only hits. With a replaced
 * `Date.now` every reading is exact and uncorrected.
 */
class CacheClock implements CoarseClock {
  readonly #steady = new SteadyClock({ wall: () => Date.now(), monotonic: monotonicNow });
  #coarse = 0;
  /** Uses that the current coarse reading has left. */
  #left = 0;
  #isTimed = false;

  now(): number {
    if (Date.now !== systemNow) return Date.now();
    const now = this.#steady.now();
    if (this.#left > 0) this.#serve(now);
    return now;
  }

  /** A bound function, so that the L1 can call it without a wrapper. */
  readonly coarse = (): number => {
    return --this.#left > 0 && Date.now === systemNow ? this.#coarse : this.#look();
  };

  #look(): number {
    this.#left = 0;
    // A fake timer may never fire.
    if (Date.now !== systemNow || setTimeout !== systemTimeout) return this.now();
    const now = this.#steady.now();
    this.#serve(now);
    if (!this.#isTimed) {
      this.#isTimed = true;
      systemTimeout(this.#forget, 1).unref();
    }
    return now;
  }

  #serve(now: number): void {
    this.#coarse = now;
    this.#left = readingsPerLook;
  }

  readonly #forget = (): void => {
    this.#isTimed = false;
    this.#left = 0;
  };
}

export const cacheClock: CoarseClock = new CacheClock();

/** The coarse reading of a clock, or its exact reading when it has no coarse one. */
export function coarseClock(clock: Clock): Pick<CoarseClock, 'coarse'> {
  return clock === cacheClock ? cacheClock : { coarse: () => clock.now() };
}

function isNative(work: (...args: never[]) => unknown): boolean {
  return Function.prototype.toString.call(work).includes('[native code]');
}
