/** A map of bounded size: once it holds `maxSize` keys, further keys share one overflow entry per group. */
export class BoundedSeries<K extends object, V> {
  private readonly known = new Map<string, { key: K; value: V }>();
  private folded = 0;

  constructor(
    private readonly maxSize: number,
    private readonly create: () => V,
    /** The group under which an overflowing key is counted. It must take few values. */
    private readonly overflowKey: (key: K) => K,
  ) {}

  /** Number of lookups that fell into an overflow entry. */
  get overflowed(): number {
    return this.folded;
  }

  /** Returns the value of a key, created on first use; `id` identifies the key uniquely. */
  at(id: string, key: K): V {
    const found = this.known.get(id);
    if (found !== undefined) return found.value;
    if (this.known.size < this.maxSize) return this.add(id, key);
    this.folded += 1;
    const other = this.overflowKey(key);
    const otherId = `overflow ${Object.values(other).join(' ')}`;
    return this.known.get(otherId)?.value ?? this.add(otherId, other);
  }

  entries(): { key: K; value: V }[] {
    return [...this.known.values()];
  }

  clear(): void {
    this.known.clear();
    this.folded = 0;
  }

  private add(id: string, key: K): V {
    const value = this.create();
    this.known.set(id, { key, value });
    return value;
  }
}
