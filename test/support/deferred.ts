/** A promise, and who settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is ready to run do so. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * The outcome of `work`, or `undefined` when a timer of `ms` fires first. Unlike a limit on a duration, it holds on a
 * busy machine: of two timers that are due, the earlier fires first, however late both are.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<PromiseSettledResult<T> | undefined> {
  const { promise: expired, resolve: expire } = deferred<undefined>();
  const timer = setTimeout(() => expire(undefined), ms);
  const outcome = await Promise.race([Promise.allSettled([work]).then(([settled]) => settled), expired]);
  clearTimeout(timer);
  return outcome;
}
