/**
 * A call for many keys, which takes several turns of the event loop. A later call for one of the keys supersedes the
 * part of this call that has not begun.
 */
export class BulkCall {
  readonly #ids = new Set<string>();
  readonly #matches: ((id: string) => boolean)[] = [];

  supersede(id: string): void {
    this.#ids.add(id);
  }

  supersedeWhere(matches: (id: string) => boolean): void {
    this.#matches.push(matches);
  }

  isSuperseded(id: string): boolean {
    return this.#ids.has(id) || this.#matches.some((matches) => matches(id));
  }

  /** This call stored the key, and so superseded it here: a duplicate later in the call must not be skipped. */
  begun(id: string): void {
    this.#ids.delete(id);
  }
}
