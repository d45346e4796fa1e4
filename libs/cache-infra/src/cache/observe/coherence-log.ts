import type { CacheLogger } from '../contract/logger.js';

/** How long the loss of the invalidation channel waits to be logged: when Redis itself goes, its connections go one by one. */
const patienceMs = 250;

/** Logs that the invalidation channel was lost and found, a line each; nothing when Redis went away with it: that has a line of its own. */
export class CoherenceLog {
  readonly #title: string;
  readonly #logger: CacheLogger;
  #pending: { readonly reason: string; readonly timer: NodeJS.Timeout } | undefined;
  #told = false;

  constructor(name: string, logger: CacheLogger) {
    this.#title = `Cache '${name}'`;
    this.#logger = logger;
  }

  lost(reason: string): void {
    if (this.#pending !== undefined || this.#told) return;
    const timer = setTimeout(() => {
      this.#pending = undefined;
      this.#told = true;
      this.#logger.warn(
        `${this.#title}: changes made elsewhere are not heard of (${reason}); the L1 was emptied`,
      );
    }, patienceMs);
    timer.unref();
    this.#pending = { reason, timer };
  }

  /** Redis is away altogether. */
  redisAway(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }

  restored(): void {
    if (this.#pending !== undefined) {
      const { reason } = this.#pending;
      this.redisAway();
      this.#logger.warn(
        `${this.#title}: changes made elsewhere were not heard of for a moment (${reason}); the L1 was emptied`,
      );
    } else if (this.#told) {
      this.#told = false;
      this.#logger.log(`${this.#title}: changes made elsewhere are heard of again`);
    }
  }
}
