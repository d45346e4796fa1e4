/** Timers of calls that wait. Once the cache is closed they keep no process alive; calls still end in time where the process lives on. */
export class CallTimers {
  readonly #running = new Set<NodeJS.Timeout>();
  #closed = false;

  /** Runs `work` in `ms`. Returns what stops it. */
  start(ms: number, work: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      work();
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
