import { describeValue, withoutCredentials } from '../../base/redact.js';
import { runSafely } from '../../cache/observe/emitter.js';
import type { CacheLogger } from '../../cache/contract/logger.js';

/** Most distinct faults that are logged. */
const maxLogged = 100;

/** Reports mistakes of callbacks and producers that must not take an answer away. Each is logged once. */
export class Faults {
  readonly #logged = new Set<string>();
  readonly #logger: CacheLogger | undefined;

  /** `logger`: undefined = `process.emitWarning` */
  constructor(logger: CacheLogger | undefined) {
    this.#logger = logger;
  }

  /** `effect`: what becomes of the answer. */
  threw(callback: string, operation: string, error: unknown, effect: string): void {
    const why = error instanceof Error ? withoutCredentials(error.message) : describeValue(error);
    this.report(`${callback} of operation ${describeValue(operation)} threw: ${why}; ${effect}`);
  }

  report(message: string): void {
    if (this.#logged.has(message) || this.#logged.size >= maxLogged) return;
    this.#logged.add(message);
    const words = `AiCacheService: ${message}`;
    const logger = this.#logger;
    if (logger === undefined) process.emitWarning(words, 'CacheWarning');
    else runSafely(() => logger.warn(words));
  }
}
