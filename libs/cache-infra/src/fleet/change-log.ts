import type { Cache } from '../cache/contract/cache.js';
import type { CacheChange } from './summary.js';
import { changeNames, limits } from './summary-shape.js';

/** Keeps the latest changes of state of one cache: at most 20. */
export class ChangeLog {
  readonly #changes: CacheChange[] = [];
  readonly #stops: (() => void)[];

  /** @param now - milliseconds since 1970 */
  constructor(cache: Cache, now: () => number = Date.now) {
    this.#stops = changeNames.map((event) => {
      const listener = (): void => {
        this.#changes.unshift({ at: now(), event });
        this.#changes.length = Math.min(this.#changes.length, limits.events);
      };
      cache.on(event, listener);
      return () => {
        cache.off(event, listener);
      };
    });
  }

  /** Newest first. */
  changes(): readonly CacheChange[] {
    return [...this.#changes];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}
