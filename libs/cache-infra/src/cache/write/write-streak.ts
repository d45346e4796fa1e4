/** Refusals in a row from which on Redis counts as refusing writes. */
const minRefusals = 3;

/** Tracks whether Redis refuses writes: a single refusal may be an accident, several in a row are not. */
export class WriteStreak {
  #refusals = 0;
  #reason: string | undefined;

  accepted(): void {
    if (this.#refusals === 0) return;
    this.#refusals = 0;
    this.#reason = undefined;
  }

  refused(error: Error): void {
    this.#refusals++;
    this.#reason = error.message;
  }

  /** Why Redis refused the last writes; undefined = it takes them. */
  get trouble(): string | undefined {
    return this.#refusals < minRefusals ? undefined : this.#reason;
  }
}
