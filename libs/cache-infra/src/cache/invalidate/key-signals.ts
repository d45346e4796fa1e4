export interface KeySignal {
  /** Resolves when something has happened since `listen` or `again`, after `ms`, or when `signal` aborts. */
  received(ms: number, signal: AbortSignal): Promise<void>;
  /** Forgets what has happened until now. */
  reset(): void;
  stop(): void;
}

/** Those who wait for something to happen to a key elsewhere: they are woken by the invalidation channel, not by polling. */
export class KeySignals {
  readonly #byKey = new Map<string, Set<() => void>>();

  /** Keys for which somebody waits. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Listens from now on, so that nothing is missed between asking Redis and waiting. */
  listen(redisKey: string): KeySignal {
    let happened = false;
    let wake = (): void => {
      happened = true;
    };
    const onChange = (): void => {
      wake();
    };
    const listeners = this.#byKey.get(redisKey) ?? new Set();
    listeners.add(onChange);
    this.#byKey.set(redisKey, listeners);
    return {
      received: (ms, signal) => {
        if (happened || signal.aborted) return Promise.resolve();
        return new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer);
            signal.removeEventListener('abort', end);
            resolve();
          };
          const timer = setTimeout(end, ms);
          signal.addEventListener('abort', end, { once: true });
          wake = end;
        });
      },
      reset: () => {
        happened = false;
        wake = () => {
          happened = true;
        };
      },
      stop: () => {
        listeners.delete(onChange);
        if (listeners.size === 0 && this.#byKey.get(redisKey) === listeners) this.#byKey.delete(redisKey);
      },
    };
  }

  send(redisKey: string): void {
    const listeners = this.#byKey.get(redisKey);
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
  }

  sendAll(): void {
    for (const redisKey of [...this.#byKey.keys()]) this.send(redisKey);
  }
}
