/** Counts failures in a row. */
export class FailureStreak {
  readonly #limit: number;
  #failures = 0;

  /** `limit`: failures in a row from which on the part is down. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isDown(): boolean {
    return this.#failures >= this.#limit;
  }

  /** True if this failure takes the part down. */
  failed(): boolean {
    this.#failures += 1;
    return this.#failures === this.#limit;
  }

  /** True if the part was down. */
  succeeded(): boolean {
    const wasDown = this.isDown;
    this.#failures = 0;
    return wasDown;
  }
}
