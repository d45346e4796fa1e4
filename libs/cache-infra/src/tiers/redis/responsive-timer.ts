/** Milliseconds by which a timer of an idle process may be late. */
const usualLatenessMs = 10;
/** Longest slice of a limit, milliseconds. One turn of a busy event loop uses up one slice at most. */
const longestSliceMs = 100;

/**
 * Measures the time in which this process could have noticed an answer.
 *
 * A limit for the answer of a server must not run out while this process is too busy to read it. So the limit is cut
 * into slices with a timer for each. A timer that fires late shows that the event loop was busy, and counts as one
 * slice however late it is. After each slice the sockets are read before anything times out: the poll phase comes
 * between a timer and an immediate (https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick).
 */
export class ResponsiveTimer {
  readonly #sliceMs: number;
  readonly #look: (now: number) => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #passedMs = 0;
  #lookedAt = 0;
  #running = false;

  /**
   * @param limitMs - the limit that is measured, milliseconds; a tenth of it is a slice
   * @param look - called after each slice with the time; returns the moment of the next limit, undefined = none
   */
  constructor(limitMs: number, look: (now: number) => number | undefined) {
    this.#sliceMs = Math.min(longestSliceMs, Math.max(1, limitMs / 10));
    this.#look = look;
  }

  /** Milliseconds that have passed while the timer ran and the event loop turned. */
  now(): number {
    if (!this.#running) return this.#passedMs;
    return this.#passedMs + Math.min(performance.now() - this.#lookedAt, this.#sliceMs);
  }

  /** Starts the timer, unless it runs. It stops by itself when `look` returns undefined. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#lookedAt = performance.now();
    this.#arm(this.#sliceMs);
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#immediate = setImmediate(() => {
        this.#tick();
      });
    }, ms);
    this.#timer.unref();
  }

  #tick(): void {
    if (!this.#running) return;
    const now = performance.now();
    const elapsed = now - this.#lookedAt;
    this.#passedMs += elapsed > this.#sliceMs + usualLatenessMs ? this.#sliceMs : elapsed;
    this.#lookedAt = now;
    const dueAt = this.#look(this.#passedMs);
    // `look` may have stopped the timer.
    if (!this.#running) return;
    if (dueAt === undefined) this.stop();
    else this.#arm(Math.max(1, Math.min(this.#sliceMs, Math.ceil(dueAt - this.#passedMs))));
  }
}

/** Calls `work` once `ms` milliseconds have passed by a `ResponsiveTimer`. The returned function cancels the call. */
export function afterResponsive(ms: number, work: () => void): () => void {
  const timer = new ResponsiveTimer(ms, (now) => {
    if (now < ms) return ms;
    work();
    return undefined;
  });
  timer.start();
  return () => {
    timer.stop();
  };
}
