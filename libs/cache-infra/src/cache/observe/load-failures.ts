import type { Clock } from '../../base/clock.js';
import { describeValue, withoutCredentials } from '../../base/redact.js';
import type { CacheLogger } from '../contract/logger.js';

/** Milliseconds from one line to the next. */
const quietMs = 60_000;

/**
 * Logs failed loads that no caller sees, since a stale or a fresh value is served: one line a minute for each cache.
 * Without a logger it does nothing; `stats().loadErrors` counts them all.
 */
export class LoadFailures {
  readonly #name: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #logger: CacheLogger | undefined;
  #quietUntil = -Infinity;
  /** Failures since the last line. */
  #more = 0;

  constructor(name: string, clock: Pick<Clock, 'now'>, logger: CacheLogger | undefined) {
    this.#name = name;
    this.#clock = clock;
    this.#logger = logger;
  }

  hidden(error: unknown, key: string): void {
    if (this.#logger === undefined) return;
    const now = this.#clock.now();
    if (now < this.#quietUntil) {
      this.#more++;
      return;
    }
    this.#quietUntil = now + quietMs;
    const words = withoutCredentials(error instanceof Error ? error.message : String(error));
    const more = this.#more === 0 ? '' : `; ${String(this.#more)} more since the last such line`;
    this.#more = 0;
    this.#logger.warn(
      `Cache '${this.#name}': the loader of ${describeValue(key)} failed (${words}), its old value is served${more}`,
    );
  }
}
