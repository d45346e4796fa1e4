import { describeValue } from '../../base/redact.js';
import type { CacheLogger } from '../contract/logger.js';
import { runSafely, type CacheEmitter } from './emitter.js';

/** Causes that are logged at most. */
const most = 100;

/** Reports values of loaders that reached their callers and no tier. Each cause is logged once. */
export class Refusals {
  readonly #name: string;
  readonly #emitter: CacheEmitter;
  readonly #logger: CacheLogger | undefined;
  readonly #told = new Set<string>();

  /** @param logger `undefined` = Node's own warnings */
  constructor(name: string, emitter: CacheEmitter, logger: CacheLogger | undefined) {
    this.#name = name;
    this.#emitter = emitter;
    this.#logger = logger;
  }

  /** The value of a loader could not be stored. `context`: of the load, whose own listener replaces the log line. */
  report(error: Error, key: string, context: object): void {
    this.#emitter.emit('error', { operation: 'getOrSet', error });
    const listener = listeners.get(context);
    if (listener === undefined) this.#log(error, key);
    else
      runSafely(() => {
        listener(error);
      });
  }

  #log(error: Error, key: string): void {
    if (this.#told.has(error.message) || this.#told.size >= most) return;
    this.#told.add(error.message);
    const message = `Cache '${this.#name}': the loader of ${describeValue(key)} runs uncached: ${error.message}`;
    if (this.#logger === undefined) process.emitWarning(message, 'CacheWarning');
    else this.#logger.warn(message);
  }
}

type Listener = (error: Error) => void;

const listeners = new WeakMap<object, Listener>();

/** Has a refusal of what this load brings told to `listener` alone, who knows better than the key what was loaded. */
export function onRefusal(context: object, listener: Listener): void {
  listeners.set(context, listener);
}
