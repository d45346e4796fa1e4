/** Failures remembered at most: clients choose the URLs. */
const maxFailures = 1000;

/** The stored responses that are made anew in the background, by the text that tells them apart. */
export class Revalidations {
  readonly #running = new Set<string>();
  /** The last one failed. Oldest first. */
  readonly #failed = new Set<string>();

  /** False = one is running. */
  begin(id: string): boolean {
    if (this.#running.has(id)) return false;
    this.#running.add(id);
    return true;
  }

  end(id: string): void {
    this.#running.delete(id);
  }

  succeeded(id: string): void {
    this.#failed.delete(id);
  }

  failed(id: string): void {
    this.#failed.delete(id);
    this.#failed.add(id);
    const [oldest] = this.#failed;
    if (this.#failed.size > maxFailures && oldest !== undefined) this.#failed.delete(oldest);
  }

  hasFailed(id: string): boolean {
    return this.#failed.has(id);
  }
}
