/** Keys remembered at most; those beyond are tried again sooner than they should be. */
const maxKeys = 10_000;
/** The longest pause, in first pauses. */
const maxFactor = 10;

/** How long a loader that failed is left alone, while its last value can be served. */
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

  /** Returns when the loader may be tried again. */
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
