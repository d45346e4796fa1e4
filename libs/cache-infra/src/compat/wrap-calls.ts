/** A call of `wrap` that has not been answered yet. */
export interface WrapCall<T> {
  /** This call's own function ran. */
  ran: boolean;
  /** What a function made for its key while it waited: its own, or that of a call which it joined. */
  made: { readonly value: T } | undefined;
}

/** The calls of `wrap` under way, by key: each is told what was made for its key meanwhile. */
export class WrapCalls {
  readonly #calls = new Map<string, Set<WrapCall<unknown>>>();

  async during<T>(key: string, call: WrapCall<T>, work: () => Promise<T>): Promise<T> {
    const calls = this.#calls.get(key) ?? new Set();
    calls.add(call);
    this.#calls.set(key, calls);
    try {
      return await work();
    } finally {
      calls.delete(call);
      if (calls.size === 0) this.#calls.delete(key);
    }
  }

  made(key: string, value: unknown): void {
    for (const call of this.#calls.get(key) ?? []) call.made = { value };
  }
}
