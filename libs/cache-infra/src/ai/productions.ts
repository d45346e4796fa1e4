import type { Answer } from './answer.js';

/** What equal calls that overlap know of each other. */
export interface Production {
  callers: number;
  /** How many answers have been made while these calls overlapped. */
  finished: number;
  /** The answer made last. */
  latest: Answer<unknown> | undefined;
  /** The answer that the cache refused to store. */
  refused: Answer<unknown> | undefined;
}

/**
 * Tells a call that shared the answer of another (the cache runs one loader per key) from a call that found one stored. Holds a key
 * only while a call for it is under way.
 */
export class Productions {
  readonly #running = new Map<string, Production>();

  get size(): number {
    return this.#running.size;
  }

  async during<R>(key: string, work: (production: Production) => Promise<R>): Promise<R> {
    const production = this.#running.get(key) ?? {
      callers: 0,
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
