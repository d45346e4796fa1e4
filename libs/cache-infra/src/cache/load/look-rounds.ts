import { setImmediate } from 'node:timers/promises';

/** Milliseconds between two rounds. */
const everyMs = 2000;
/** Loads that look in one turn of the event loop. */
const atOnce = 500;

/** A running load. */
interface Looking {
  look(): void;
}

/**
 * One timer for all running loads without a guard: in each round, every load asks Redis whether its key was changed.
 * A timer for each load would cost more than a short load does.
 */
export class LookRounds {
  readonly #loads = new Set<Looking>();
  #timer: NodeJS.Timeout | undefined;
  /** A round with very many loads takes longer than an interval. */
  #isInRound = false;

  /** The first look comes within one interval. */
  add(load: Looking): void {
    this.#loads.add(load);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(this.#round, everyMs);
    this.#timer.unref();
  }

  delete(load: Looking): void {
    this.#loads.delete(load);
  }

  close(): void {
    this.#loads.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #round = (): void => {
    if (this.#loads.size === 0) this.close();
    else if (!this.#isInRound) this.#lookAll().catch(ignore);
  };

  async #lookAll(): Promise<void> {
    this.#isInRound = true;
    try {
      let looked = 0;
      for (const load of [...this.#loads]) {
        // The load may have ended since the round began.
        if (this.#loads.has(load)) load.look();
        if (++looked % atOnce === 0) await setImmediate();
      }
    } finally {
      this.#isInRound = false;
    }
  }
}

function ignore(): void {
  // A look reports to its load, and throws nothing.
}
