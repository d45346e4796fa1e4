import { describeValue } from '../../base/redact.js';
import type { CacheLogger } from '../contract/logger.js';

/** Different ones told at most: beyond them somebody makes new ones all the time. */
const most = 100;

/** Tells, once for each cause, that the value of a loader reached its callers and no tier. */
export class Refusals {
  readonly #name: string;
  readonly #logger: CacheLogger | undefined;
  readonly #told = new Set<string>();

  /** @param logger `undefined` = Node's own warnings */
  constructor(name: string, logger: CacheLogger | undefined) {
    this.#name = name;
    this.#logger = logger;
  }

  tell(error: Error, key: string): void {
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

/** Who wants to be told of a refusal in place of the cache's logger. */
export function refusalListener(context: object): Listener | undefined {
  return listeners.get(context);
}
