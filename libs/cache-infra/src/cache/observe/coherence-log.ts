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
        `${this.#title}: invalidation channel lost (${reason}): L1 cleared, remote changes may be missed`,
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
      this.#logger.warn(`${this.#title}: invalidation channel lost for a moment (${reason}): L1 cleared`);
    } else if (this.#told) {
      this.#told = false;
      this.#logger.log(`${this.#title}: invalidation channel restored`);
    }
  }
}
