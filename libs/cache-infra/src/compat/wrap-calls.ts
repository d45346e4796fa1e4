/** A pending call of `wrap`. */
export interface WrapCall<T> {
  /** True if this call's own function ran. */
  ran: boolean;
  /**
   * The value that was computed for the key while this call waited, by its own function or by a call that it joined.
   */
  made: { readonly value: T } | undefined;
}

/** The pending calls of `wrap` by key: each is notified of a value computed for its key. */
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
