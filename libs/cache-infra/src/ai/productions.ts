import type { Answer } from './answer.js';

/** The shared state of overlapping equal calls. */
export interface Production {
  callers: number;
  /** Number of runs of `produce` begun while the calls overlap. */
  started: number;
  /** Which of them gave `latest`. */
  latestStart: number;
  /** Number of answers produced while the calls overlap. */
  finished: number;
  /** The most recent answer. */
  latest: Answer<unknown> | undefined;
  /** The answer that the cache refused to store. */
  refused: Answer<unknown> | undefined;
}

/**
 * Distinguishes a call that shared another call's answer (single flight of the cache) from a hit. Holds a key only
 * while a call for it runs.
 */
export class Productions {
  readonly #running = new Map<string, Production>();

  get size(): number {
    return this.#running.size;
  }

  async during<R>(key: string, work: (production: Production) => Promise<R>): Promise<R> {
    const production = this.#running.get(key) ?? {
      callers: 0,
      started: 0,
      latestStart: 0,
      finished: 0,
      latest: undefined,
      refused: undefined,
    };
    this.#running.set(key, production);
    production.callers += 1;
    try {
      return await work(production);
    } finally {
      production.callers -= 1;
      if (production.callers === 0) this.#running.delete(key);
    }
  }
}
