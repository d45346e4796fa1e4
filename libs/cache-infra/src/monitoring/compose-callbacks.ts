/** What one callback came to: the same shape as an element of `Promise.allSettled`. */
export type CallbackResult =
  | { readonly status: 'fulfilled'; readonly value: unknown }
  | { readonly status: 'rejected'; readonly reason: unknown };

/** The entry of a callback: there at once, or, where the callback is async, a promise of it that never rejects. */
export type CallbackEntry = CallbackResult | Promise<CallbackResult>;

/**
 * One callback out of many. Every one is called, in order, with the same arguments; the result is one entry each, in order.
 * A callback that throws or rejects becomes a `rejected` entry and stops no other; nothing is thrown, and no rejection
 * is left unhandled.
 *
 * ```ts
 * const onOperation = composeCallbacks(logSlowCalls, countByTenant);
 * const results = await Promise.all(onOperation(record)); // awaited or not: nothing can escape
 * ```
 */
export function composeCallbacks<A extends readonly unknown[]>(
  ...callbacks: readonly ((...args: A) => unknown)[]
): (...args: A) => CallbackEntry[] {
  return (...args) => callbacks.map((callback) => entryOf(() => callback(...args)));
}

function entryOf(call: () => unknown): CallbackEntry {
  try {
    const result = call();
    return isThenable(result) ? Promise.resolve(result).then(fulfilled, rejected) : fulfilled(result);
  } catch (reason) {
    return rejected(reason);
  }
}

function fulfilled(value: unknown): CallbackResult {
  return { status: 'fulfilled', value };
}

function rejected(reason: unknown): CallbackResult {
  return { status: 'rejected', reason };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const canHold = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return canHold && 'then' in value && typeof value.then === 'function';
}
