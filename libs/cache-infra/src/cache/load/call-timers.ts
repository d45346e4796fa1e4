/** Timers of waiting calls. After `close` they no longer keep the process alive, but still fire if it runs on. */
export class CallTimers {
  readonly #running = new Set<NodeJS.Timeout>();
  #closed = false;

  /** Runs `action` in `ms` milliseconds. Returns a function that cancels it. */
  start(ms: number, action: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      action();
    }, ms);
    if (this.#closed) timer.unref();
    else this.#running.add(timer);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#running) timer.unref();
    this.#running.clear();
  }
}
