/** The result of one callback, in the form of an element of `Promise.allSettled`. */
export type CallbackResult =
  | { readonly status: 'fulfilled'; readonly value: unknown }
  | { readonly status: 'rejected'; readonly reason: unknown };

/** The result of a callback, or, for an async callback, a promise of the result that never rejects. */
export type CallbackEntry = CallbackResult | Promise<CallbackResult>;

/**
 * Combines callbacks into one, which calls each in order with the same arguments and returns their results in order. A
 * callback that throws or rejects yields a `rejected` entry and does not affect the others. The combined callback never
 * throws and leaves no unhandled rejection.
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
