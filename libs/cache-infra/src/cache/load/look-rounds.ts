/** Milliseconds between two rounds. */
const everyMs = 2000;

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
    for (const load of [...this.#loads]) load.look();
  };
}
