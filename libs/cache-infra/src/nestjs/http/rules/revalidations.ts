/** The bound of remembered failures, since clients choose the URLs. */
const maxFailures = 1000;

/** The background revalidations of stored responses, by the id of the response. */
export class Revalidations {
  readonly #running = new Set<string>();
  /** Ids whose last revalidation failed, oldest first. */
  readonly #failed = new Set<string>();

  /** False if a revalidation is already running. */
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
