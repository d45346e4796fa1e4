/** Interval of the timer, milliseconds. */
const everyMs = 250;
/** Delay of the timer that counts as a freeze, milliseconds. */
const lateMs = 1000;

/**
 * Detects that the process did not run for a while: a serverless platform froze it, or its event loop was blocked.
 * Invalidations of that time are still unread in the socket, and the first turn of the event loop would serve L1
 * entries that they cover.
 */
export class FreezeWatch {
  readonly #timer: NodeJS.Timeout;

  /** `elapsed`: a monotonic clock, milliseconds. */
  constructor(onThaw: () => void, elapsed = (): number => performance.now()) {
    let last = elapsed();
    this.#timer = setInterval(() => {
      const now = elapsed();
      if (now - last > everyMs + lateMs) onThaw();
      last = now;
    }, everyMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
