/** Milliseconds from one round to the next. */
const everyMs = 2000;
/** A round of very many loads takes long: rounds take one part of the time in this many. */
const share = 10;
/** Loads that ask Redis at a time. */
const atOnce = 250;

/** A running load. */
interface Looking {
  /** Resolves once Redis has answered, and never rejects; undefined = there is nothing to ask. */
  look(): Promise<void> | undefined;
}

/**
 * One timer for all running loads without a guard: in each round, every load asks Redis whether its key was changed.
 * A timer for each load would cost more than a short load does.
 */
export class LookRounds {
  readonly #loads = new Set<Looking>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** The first look comes within one interval, unless a round of very many loads is running. */
  add(load: Looking): void {
    this.#loads.add(load);
    this.#timer ??= this.#roundIn(everyMs);
  }

  delete(load: Looking): void {
    this.#loads.delete(load);
  }

  close(): void {
    this.#isClosed = true;
    this.#loads.clear();
    clearTimeout(this.#timer);
  }

  #roundIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      void this.#round();
    }, ms).unref();
  }

  async #round(): Promise<void> {
    const start = performance.now();
    await this.#lookAll();
    const took = performance.now() - start;
    const hasLoads = this.#loads.size > 0 && !this.#isClosed;
    this.#timer = hasLoads ? this.#roundIn(Math.max(everyMs, took * (share - 1))) : undefined;
  }

  async #lookAll(): Promise<void> {
    const loads = [...this.#loads];
    for (let from = 0; from < loads.length && !this.#isClosed; from += atOnce) {
      // Loads may have ended since the round began.
      const portion = loads.slice(from, from + atOnce).filter((load) => this.#loads.has(load));
      // A look that fails must not end the rounds of the other loads.
      await Promise.allSettled(portion.map(async (load) => load.look()));
    }
  }
}
