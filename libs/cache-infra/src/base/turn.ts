import { setImmediate } from 'node:timers/promises';

/**
 * Entries of a bulk call that are sent together before the next ones are prepared. {@link Turn} bounds the time they
 * take.
 */
export const portionSize = 1000;

/** Milliseconds of work after which the event loop runs other tasks. */
const turnMs = 10;

/**
 * Keeps long work from blocking the event loop: once `isOver`, the work awaits `next()`, so that timers, sockets and
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

/** `list.map(work)`, which lets other tasks run in between. */
export async function inTurns<T, R>(list: readonly T[], work: (each: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  const turn = new Turn();
  for (const [index, each] of list.entries()) {
    if (turn.isOver) await turn.next();
    results.push(work(each, index));
  }
  return results;
}
