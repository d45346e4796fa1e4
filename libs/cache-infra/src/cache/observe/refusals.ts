import { describeValue } from '../../base/redact.js';
import type { CacheLogger } from '../contract/logger.js';
import { SchemaMismatch } from '../../values/revive-failure.js';
import type { Counters } from './counters.js';
import { runSafely, type CacheEmitter } from './emitter.js';

/** Most distinct causes that are logged. */
const maxLogged = 100;

/** Reports loaded values that no tier can store. Callers get such a value. Each cause is logged once. */
export class Refusals {
  readonly #name: string;
  readonly #emitter: CacheEmitter;
  readonly #logger: CacheLogger | undefined;
  readonly #logged = new Set<string>();
  readonly #counters: Pick<Counters, 'missedBySchema'> | undefined;

  /** `logger`: undefined = `process.emitWarning` */
  constructor(
    name: string,
    emitter: CacheEmitter,
    logger: CacheLogger | undefined,
    counters?: Pick<Counters, 'missedBySchema'>,
  ) {
    this.#counters = counters;
    this.#name = name;
    this.#emitter = emitter;
    this.#logger = logger;
  }

  /**
   * Reports a value that could not be stored. One that does not fit a schema is counted, and is no error. A listener
   * for `context` ({@link onRefusal}) replaces the log line.
   */
  report(error: Error, key: string, context: object): void {
    if (error instanceof SchemaMismatch) {
      this.#counters?.missedBySchema();
      return;
    }
    this.#emitter.emit('error', { operation: 'getOrSet', error });
    const listener = listeners.get(context);
    if (listener === undefined) this.#log(error, key);
    else
      runSafely(() => {
        listener(error);
      });
  }

  #log(error: Error, key: string): void {
    if (this.#logged.has(error.message) || this.#logged.size >= maxLogged) return;
    this.#logged.add(error.message);
    const message = `Cache '${this.#name}': the loader of ${describeValue(key)} runs uncached: ${error.message}`;
    if (this.#logger === undefined) process.emitWarning(message, 'CacheWarning');
    else this.#logger.warn(message);
  }
}

type Listener = (error: Error) => void;

const listeners = new WeakMap<object, Listener>();

/**
 * Sends refusals of the load with this context to `listener` instead of the log. A decorator names the method there.
 */
export function onRefusal(context: object, listener: Listener): void {
  listeners.set(context, listener);
}
