import type { Answer } from '../answer/answer.js';

/** The shared state of overlapping equal calls. */
export interface Production {
  callers: number;
  /** Number of runs of `produce` begun while the calls overlap. */
  started: number;
  /** Number of answers produced while the calls overlap. */
  finished: number;
  /** The most recent answer. */
  latest: Answer<unknown> | undefined;
  /** The error of the most recent production within a batch. */
  failure: { readonly error: unknown } | undefined;
  /** The answer that the cache refused to store. */
  refused: Answer<unknown> | undefined;
}

let begun = 0;

/** Numbers the productions of this process in the order in which they begin. */
export function beginProduction(): number {
  begun += 1;
  return begun;
}

/** The number of the latest production of this process. */
export function latestProduction(): number {
  return begun;
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
    const production = this.enter(key);
    try {
      return await work(production);
    } finally {
      this.leave(key, production);
    }
  }

  /** A call for the key begins. It must {@link leave}. */
  enter(key: string): Production {
    const production = this.#running.get(key) ?? {
      callers: 0,
      started: 0,
      finished: 0,
      latest: undefined,
      refused: undefined,
      failure: undefined,
    };
    this.#running.set(key, production);
    production.callers += 1;
    return production;
  }

  leave(key: string, production: Production): void {
    production.callers -= 1;
    if (production.callers === 0) this.#running.delete(key);
  }
}
