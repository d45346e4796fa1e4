/** A subscription to the changes of one key. */
export interface KeySignal {
  /** Resolves on the first change since `listen` or `reset`, after `ms`, or when `signal` aborts. */
  received(ms: number, signal: AbortSignal): Promise<void>;
  /** Ignores changes until now. */
  reset(): void;
  stop(): void;
}

/** Wakes loads that wait for a remote change of a key, such as the end of a lease, so that they need not poll. */
export class KeySignals {
  readonly #byKey = new Map<string, Set<() => void>>();

  /** Keys with listeners. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Starts to listen. Call it before asking Redis, so that a change between the answer and the wait is not missed. */
  listen(redisKey: string): KeySignal {
    let isChanged = false;
    let wake = (): void => {
      isChanged = true;
    };
    const onChange = (): void => {
      wake();
    };
    const listeners = this.#byKey.get(redisKey) ?? new Set();
    listeners.add(onChange);
    this.#byKey.set(redisKey, listeners);
    return {
      received: (ms, signal) => {
        if (isChanged || signal.aborted) return Promise.resolve();
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
        isChanged = false;
        wake = () => {
          isChanged = true;
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
