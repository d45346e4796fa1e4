/** How often the event loop is looked at, milliseconds. */
const everyMs = 250;
/** A look that comes so much later tells that the process stood still, milliseconds. */
const lateMs = 1000;

/**
 * Notices that the process did not run for a while: it was stopped, as serverless platforms do, or its event loop was busy. What the
 * invalidation channel told meanwhile is not read yet, and the first turn of the event loop would go on with the L1 as it was.
 */
export class FreezeWatch {
  readonly #timer: NodeJS.Timeout;

  /** `elapsed`: milliseconds, of a clock that only goes forward. */
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
