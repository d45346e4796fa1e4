import type { CacheEventListener, CacheEventName, CacheEvents } from '../contract/events.js';

/** Runs a hook or listener. Its errors and rejections are ignored, and nothing waits for it. */
export function runSafely(hook: () => unknown): void {
  try {
    const result = hook();
    if (result instanceof Promise) result.catch(ignore);
    else if (isThenable(result)) result.then(ignore, ignore);
  } catch {
    // A failing hook must not fail the operation.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function ignore(): void {
  // A failing hook must not fail the operation.
}

/**
 * Emits cache events. Not Node's `EventEmitter`: there an `error` event without a listener ends the process, and a
 * listener that throws fails the operation that emits.
 */
export class CacheEmitter {
  readonly #listeners = new Map<CacheEventName, Set<(event: never) => void>>();

  /** True if any event has a listener. */
  get isUsed(): boolean {
    return this.#listeners.size > 0;
  }

  has(event: CacheEventName): boolean {
    return this.#listeners.has(event);
  }

  on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
  }

  off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return;
    listeners.delete(listener);
    if (listeners.size === 0) this.#listeners.delete(event);
  }

  emit<E extends CacheEventName>(event: E, payload: CacheEvents[E]): void {
    const listeners = this.#listeners.get(event) as Set<CacheEventListener<E>> | undefined;
    if (listeners === undefined) return;
    for (const listener of [...listeners]) runSafely(() => listener(payload));
  }

  clear(): void {
    this.#listeners.clear();
  }
}
