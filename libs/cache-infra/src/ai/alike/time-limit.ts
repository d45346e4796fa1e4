/** The work did not end in time. */
export const late = Symbol('late');

/**
 * The result of `work`, or `late` after `ms`. Rejects with the signal's reason on abort. `work` goes on in either case,
 * and its later rejection is ignored. `signal` must not have aborted before.
 */
export async function within<T>(
  work: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      resolve(late);
    }, ms);
    // The process may end: whatever the work waits for keeps it alive.
    timer.unref();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(end);
  });
}
