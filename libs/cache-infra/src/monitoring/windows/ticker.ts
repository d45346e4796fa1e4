import { setTimeout as nodeTimeout } from 'node:timers';

// Taken when this module is loaded, past `globalThis`: a test's fake timers would fire it without end.
const startTimer = nodeTimeout;

/** Calls `work` about once a second while it runs. Its timer keeps neither a process nor a test run alive. */
export class Ticker {
  readonly #work: () => void;
  /** Milliseconds to the next call. */
  readonly #delay: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: () => void, delay: () => number) {
    this.#work = work;
    this.#delay = delay;
  }

  start(): void {
    if (this.#timer === undefined) this.#schedule();
  }

  stop(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  #schedule(): void {
    this.#timer = startTimer(() => {
      this.#work();
      // The work may have stopped this ticker.
      if (this.#timer !== undefined) this.#schedule();
    }, this.#delay());
    this.#timer.unref();
  }
}
