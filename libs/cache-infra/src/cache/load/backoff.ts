/** Most keys remembered. Beyond it the oldest is forgotten, and its loader runs again earlier. */
const maxKeys = 10_000;
/** The longest pause, as a multiple of the first. */
const maxFactor = 10;

/**
 * Exponential back-off per key: after a failed load the loader is not run again for a while. Each failure doubles the
 * pause.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #byId = new Map<string, { until: number; pauseMs: number }>();

  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  isPausing(id: string, now: number): boolean {
    const pause = this.#byId.get(id);
    return pause !== undefined && now < pause.until;
  }

  /** Starts a pause. Returns its end, milliseconds since the epoch. */
  failed(id: string, now: number): number {
    const before = this.#byId.get(id)?.pauseMs;
    const pauseMs = before === undefined ? this.#firstMs : Math.min(before * 2, this.#firstMs * maxFactor);
    this.#byId.delete(id);
    this.#byId.set(id, { until: now + pauseMs, pauseMs });
    if (this.#byId.size > maxKeys) {
      const [oldest] = this.#byId.keys();
      if (oldest !== undefined) this.#byId.delete(oldest);
    }
    return now + pauseMs;
  }

  succeeded(id: string): void {
    if (this.#byId.size > 0) this.#byId.delete(id);
  }
}
