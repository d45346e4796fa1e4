import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { isCache } from '../cache/contract/cache.js';

/** What an exporter shows, by the name that its metrics carry. */
export class ShownByName<T> {
  readonly #shown = new Map<string, T>();
  /** The class of the exporter, for errors. */
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  /**
   * Shows what `begin` makes, until the returned function is called. Under a name that shows the same it has no effect.
   *
   * @param isSame whether what is shown under the name already is the same
   * @param end called when it is no longer shown
   * @throws ValidationError when something else is shown under `name`
   */
  show(name: string, isSame: (known: T) => boolean, begin: () => T, end: (shown: T) => void): () => void {
    const known = this.#shown.get(name);
    if (known !== undefined && !isSame(known)) {
      const message = `name '${name}' is shown already for another cache: give each cache its own name`;
      throw new ValidationError([{ path: 'name', message }], this.#subject);
    }
    const shown = known ?? begin();
    this.#shown.set(name, shown);
    return () => {
      if (this.#shown.get(name) !== shown) return;
      this.#shown.delete(name);
      end(shown);
    };
  }

  values(): IterableIterator<T> {
    return this.#shown.values();
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.#shown.entries();
  }

  clear(): void {
    this.#shown.clear();
  }
}

/** @throws ValidationError when `cache` is no cache */
export function assertCache(cache: unknown, subject: string): void {
  if (isCache(cache)) return;
  const message = `cache must be a Cache, got ${describeValue(cache)}`;
  throw new ValidationError([{ path: 'cache', message }], subject);
}
