/** Removals by pattern that are told apart; more of them count as one of everything. */
const maxMatches = 100;
/** Keys that are told apart; more of them count as one of everything. */
const maxKeys = 10_000;

/**
 * The keys, patterns and scopes that this process has removed in the last moments, for loads that may read a replica
 * which lags behind (`ReplicaLag`). A removal that is forgotten early counts as one of everything.
 */
export class RecentRemovals {
  readonly #keptMs: number;
  readonly #now: () => number;
  /** By id, the oldest first: the moment of the removal. */
  readonly #keys = new Map<string, number>();
  #matches: { readonly matches: (id: string) => boolean; readonly at: number }[] = [];
  #everythingAt = -Infinity;

  /** `keptMs`: how long a removal is remembered. `now`: milliseconds since the epoch. */
  constructor(keptMs: number, now: () => number) {
    this.#keptMs = keptMs;
    this.#now = now;
  }

  key(id: string): void {
    const now = this.#now();
    this.#keys.delete(id);
    this.#keys.set(id, now);
    for (const [oldest, at] of this.#keys) {
      const isFull = this.#keys.size > maxKeys;
      if (!isFull && at > now - this.#keptMs) break;
      this.#keys.delete(oldest);
      if (isFull) this.#everythingAt = now;
    }
  }

  where(matches: (id: string) => boolean): void {
    const now = this.#now();
    const recent = this.#matches.filter(({ at }) => at > now - this.#keptMs);
    if (recent.length < maxMatches) recent.push({ matches, at: now });
    else this.#everythingAt = now;
    this.#matches = recent;
  }

  /** True if the key was removed at `since`, milliseconds since the epoch, or later. */
  covers(id: string, since: number): boolean {
    if (this.#everythingAt >= since || (this.#keys.get(id) ?? -Infinity) >= since) return true;
    return this.#matches.some(({ matches, at }) => at >= since && matches(id));
  }
}
