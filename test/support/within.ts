import { elapse } from './time.js';

/** The outcome of a call within so many milliseconds. */
export function within<T>(ms: number, call: Promise<T>): Promise<T | string> {
  return Promise.race([
    call.catch((error: unknown) => `rejected: ${String(error)}`),
    elapse(ms).then(() => 'still waiting'),
  ]);
}
