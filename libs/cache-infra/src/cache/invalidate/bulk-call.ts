/**
 * A call for many keys, which takes several turns of the event loop. What is called meanwhile for one of its keys came later: it
 * overtakes the part of this call that has not begun.
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

  /** This call itself has begun with a key: it does not overtake itself, where the key comes twice. */
  begun(id: string): void {
    this.#ids.delete(id);
  }
}
