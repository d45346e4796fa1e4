import type { CacheLogger } from '../contract/logger.js';

/** Delay before a loss is logged, milliseconds: when Redis becomes unavailable, its connections close one by one. */
const delayMs = 250;

/**
 * Logs one line for each loss and each return of the invalidation channel. Logs nothing if Redis itself became
 * unavailable, which has a log line of its own.
 */
export class CoherenceLog {
  readonly #title: string;
  readonly #logger: CacheLogger;
  #pending: { readonly reason: string; readonly timer: NodeJS.Timeout } | undefined;
  #isLossLogged = false;

  constructor(name: string, logger: CacheLogger) {
    this.#title = `Cache '${name}'`;
    this.#logger = logger;
  }

  /** The channel was lost, or could not be opened. */
  lost(reason: string): void {
    if (this.#pending !== undefined || this.#isLossLogged) return;
    const timer = setTimeout(() => {
      this.#pending = undefined;
      this.#isLossLogged = true;
      this.#logger.warn(
        `${this.#title}: invalidation channel lost (${reason}): L1 cleared, remote changes may be missed`,
      );
    }, delayMs);
    timer.unref();
    this.#pending = { reason, timer };
  }

  /** Redis itself became unavailable: cancels a pending line. */
  redisAway(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }

  restored(): void {
    if (this.#pending !== undefined) {
      const { reason } = this.#pending;
      this.redisAway();
      this.#logger.warn(`${this.#title}: invalidation channel lost for a moment (${reason}): L1 cleared`);
    } else if (this.#isLossLogged) {
      this.#isLossLogged = false;
      this.#logger.log(`${this.#title}: invalidation channel restored`);
    }
  }
}
