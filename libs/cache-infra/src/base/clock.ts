/** Where a cache takes its time from. Tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A clock with a cheaper, coarser reading for the one path that is too hot for `now`. */
export interface CoarseClock extends Clock {
  /** As `now`, late by a millisecond or by 63 readings at most, whichever ends first. */
  readonly coarse: () => number;
}

/** Readings that one look at the system's clock serves. */
const readingsPerLook = 64;
/** How long the wall clock is taken at its word, milliseconds. */
const lookEveryMs = 100;
/** What rounding and the adjustment of clocks make of `lookEveryMs`, and more. Milliseconds. */
const toleranceMs = 10;

/** Two clocks of one machine: one that people set, one that only goes forward. */
export interface ClockSources {
  /** Milliseconds since the Unix epoch. */
  readonly wall: () => number;
  /** Milliseconds since any moment. */
  readonly monotonic: () => number;
}

/**
 * The wall clock, which goes on where it is set back: an entry must not live longer because of that. Where the wall clock is ahead of the
 * one that only goes forward, the wall clock is right: the machine slept, or the process was frozen.
 */
export class SteadyClock implements Clock {
  readonly #sources: ClockSources;
  /** What the wall clock lost so far by being set back. */
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
    // Both clocks are compared now and then: asking both each time takes twice as long.
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

/** The system's own functions; `undefined` when tests had replaced them before this module was loaded. */
const systemNow = isNative(Date.now) ? Date.now : undefined;
const systemTimeout = setTimeout;
const monotonicNow = performance.now.bind(performance);

/** The wall clock of the process, or what a test put in its place. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * The clock that caches live by: the system's, steady. On many machines asking it takes about as long as a cache hit does, so its coarse
 * reading serves several hits. A timer ends a reading after a millisecond; a number of readings ends it too, since timers do not run
 * while a program awaits nothing but hits. Under a test's own `Date.now` every reading is exact, and that clock is taken at its word.
 */
class CacheClock implements CoarseClock {
  readonly #steady = new SteadyClock({ wall: () => Date.now(), monotonic: monotonicNow });
  #coarse = 0;
  /** Readings that the last look still serves. */
  #left = 0;
  #isTimed = false;

  now(): number {
    if (Date.now !== systemNow) return Date.now();
    const now = this.#steady.now();
    if (this.#left > 0) this.#serve(now);
    return now;
  }

  /** A function by itself, that `lru-cache` can call without another around it. */
  readonly coarse = (): number => {
    return --this.#left > 0 && Date.now === systemNow ? this.#coarse : this.#look();
  };

  #look(): number {
    this.#left = 0;
    // A timer of fake ones may be lost with them.
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

/** The clock itself when it has a coarse reading; else its exact one stands in for it. */
export function coarseClock(clock: Clock): Pick<CoarseClock, 'coarse'> {
  return clock === cacheClock ? cacheClock : { coarse: () => clock.now() };
}

function isNative(work: (...args: never[]) => unknown): boolean {
  return Function.prototype.toString.call(work).includes('[native code]');
}
