import { CacheClosedError } from './errors.js';

/** Whether a cache is open, and what its end stops. */
export class Lifecycle {
  readonly #name: string;
  readonly #stops: (() => void)[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  /** `name`: of the cache, for its errors. */
  constructor(name: string) {
    this.#name = name;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws CacheClosedError after `close` was called */
  assertOpen(): void {
    if (this.#closed) throw this.closedError();
  }

  closedError(): CacheClosedError {
    return new CacheClosedError(this.#name);
  }

  /** Runs `stop` at the end of `close`. */
  onClose(stop: () => void): void {
    this.#stops.push(stop);
  }

  /** Makes `close` wait for `work`, whose duration Redis's time limit bounds. */
  untilEnded(work: Promise<unknown>): void {
    const ended = work.catch(ignore).finally(() => {
      this.#pending.delete(ended);
    });
    this.#pending.add(ended);
  }

  /** Marks the cache closed; false if it was closed before. */
  begin(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    return true;
  }

  /** Pending work; undefined = there is none. */
  pending(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending);
  }

  /** Runs every stop. */
  stopAll(): void {
    for (const stop of this.#stops) stop();
  }
}

function ignore(): void {
  // A lease that was not released ends by its own limit.
}
