/** A map that stops growing: once `maxSize` keys are known, every further key shares one overflow entry per group. */
export class BoundedSeries<K extends object, V> {
  private readonly known = new Map<string, { key: K; value: V }>();
  private folded = 0;

  constructor(
    private readonly maxSize: number,
    private readonly create: () => V,
    /** The key under which what has no room left is kept together. It must take few values. */
    private readonly overflowKey: (key: K) => K,
  ) {}

  /** How often a key had no room of its own. */
  get overflowed(): number {
    return this.folded;
  }

  /** The value of a key; `id` names the key uniquely. */
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
