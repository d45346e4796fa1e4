/** Refusals in a row that are no accident. */
const enough = 3;

/** Whether Redis takes the writes of a cache: one refusal may be an accident, several in a row are not. */
export class WriteStreak {
  #failures = 0;
  #reason: string | undefined;

  taken(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#reason = undefined;
  }

  refused(error: Error): void {
    this.#failures++;
    this.#reason = error.message;
  }

  /** Why the last writes were refused; undefined = they were not. */
  get trouble(): string | undefined {
    return this.#failures < enough ? undefined : this.#reason;
  }
}
