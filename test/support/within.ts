/** Milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What became of a call within so many milliseconds. */
export function within<T>(ms: number, call: Promise<T>): Promise<T | string> {
  return Promise.race([
    call.catch((error: unknown) => `rejected: ${String(error)}`),
    pause(ms).then(() => 'still waiting'),
  ]);
}
