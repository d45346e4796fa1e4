import { setImmediate } from 'node:timers/promises';

/** Entries of a bulk call that go out together, before the next ones are prepared: see `Turn` for those that take long. */
export const portionSize = 1000;

/** Milliseconds of work after which others have their turn. */
const turnMs = 10;

/**
 * A turn of the event loop that work of any size takes part in: once `isOver`, the work awaits `next()`, so that timers, sockets and
 * other requests are served in between.
 */
export class Turn {
  #endsAt = performance.now() + turnMs;

  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#endsAt = performance.now() + turnMs;
  }
}
