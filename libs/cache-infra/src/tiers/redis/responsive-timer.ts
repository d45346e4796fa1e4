/** How late a timer of a process with nothing else to do may fire, milliseconds. */
const usualLatenessMs = 10;
/** Longest slice of a limit that one turn of a busy event loop can use up, milliseconds. */
const longestSliceMs = 100;

/**
 * Measures the time in which this process could have noticed an answer.
 *
 * A limit for somebody else's answer must not run out while this process has no time to read it. So the limit is cut into slices with
 * a timer for each: a timer that fires late shows that the event loop was busy, and counts as one slice however late it is. After
 * each slice the sockets are read (the poll phase comes between a timer and an immediate) before anything is given up.
 * https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
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
   * @param look - called after each slice with the time; returns when the next thing is due, undefined = nothing is waited for
   */
  constructor(limitMs: number, look: (now: number) => number | undefined) {
    this.#sliceMs = Math.min(longestSliceMs, Math.max(1, limitMs / 10));
    this.#look = look;
  }

  /** Milliseconds that have passed while it ran and the event loop turned. */
  now(): number {
    if (!this.#running) return this.#passedMs;
    return this.#passedMs + Math.min(performance.now() - this.#lookedAt, this.#sliceMs);
  }

  /** Does nothing while it runs. It stops by itself when nothing is waited for. */
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
    // Looking may have stopped it.
    if (!this.#running) return;
    if (dueAt === undefined) this.stop();
    else this.#arm(Math.max(1, Math.min(this.#sliceMs, Math.ceil(dueAt - this.#passedMs))));
  }
}

/** Calls `work` once `ms` milliseconds have passed by a `ResponsiveTimer`, unless the function that comes back is called before. */
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
