import { StepRings } from './step-rings.js';
import { windowSteps, type WindowName } from './window-report.js';

interface Row<K> {
  readonly key: K;
  readonly rings: StepRings;
  /** Additions, halved by `age`: the row with the fewest gives way. */
  uses: number;
}

/** Milliseconds have fractions. 32 bits hold 280,000 additions a second exactly. */
function fractionCells(length: number, seconds: number): Float32Array | Float64Array {
  return seconds > 60 ? new Float64Array(length) : new Float32Array(length);
}

/**
 * Counts by key, at most `size` rows and one row for all others, so that sums stay exact.
 *
 * In a full table a new key counts among the others, unless it takes the place of the row that is used least. Its
 * chance is `1 / (uses + 1)`, a randomized admission (RAP: Ben Basat, Einziger, Friedman, Kassner, "Randomized
 * admission policy for efficient top-k and frequency estimation", INFOCOM 2017). A frequent key gets in soon; a stream
 * of keys that are seen once moves few rows.
 */
export class CountedTable<K> {
  readonly #rows = new Map<string, Row<K>>();
  readonly #size: number;
  readonly #width: number;
  readonly #otherKey: K;
  #others: StepRings | undefined;
  /** At most the uses of the row that is used least. */
  #leastUses = 0;

  constructor(size: number, width: number, otherKey: K) {
    this.#size = size;
    this.#width = width;
    this.#otherKey = otherKey;
  }

  /** The counts of a key, for one addition; `id` identifies the key uniquely. */
  at(id: string, key: K, second: number): StepRings {
    const row = this.#rows.get(id) ?? this.#admitted(id, key, second);
    if (row === undefined) return (this.#others ??= this.#newRings());
    row.uses++;
    return row.rings;
  }

  /** The keys with counts in the window, and their sums. */
  sums(window: WindowName, second: number): { readonly key: K; readonly sums: readonly number[] }[] {
    const known = [...this.#rows.values()].map(({ key, rings }) => ({ key, rings }));
    const all = this.#others === undefined ? known : [...known, { key: this.#otherKey, rings: this.#others }];
    return all
      .map(({ key, rings }) => ({ key, sums: rings.sums(window, second) }))
      .filter(({ sums }) => sums.some((sum) => sum > 0));
  }

  /** Halves the uses: a row that was busy yesterday must be able to give way. */
  age(): void {
    for (const row of this.#rows.values()) row.uses >>>= 1;
    this.#leastUses >>>= 1;
  }

  clear(): void {
    this.#rows.clear();
    this.#others = undefined;
    this.#leastUses = 0;
  }

  get bytes(): number {
    const rows = [...this.#rows.values()].reduce((sum, { rings }) => sum + rings.bytes, 0);
    return rows + (this.#others?.bytes ?? 0);
  }

  /** The new row of a key; undefined = it counts among the others. */
  #admitted(id: string, key: K, second: number): Row<K> | undefined {
    if (this.#rows.size < this.#size) return this.#added(id, { key, rings: this.#newRings(), uses: 0 });
    if (Math.random() * (this.#leastUses + 1) >= 1) return undefined;
    const [leastId, least] = this.#least();
    this.#leastUses = least.uses;
    this.#rows.delete(leastId);
    (this.#others ??= this.#newRings()).moveFrom(least.rings, second);
    return this.#added(id, { key, rings: least.rings, uses: least.uses });
  }

  #added(id: string, row: Row<K>): Row<K> {
    this.#rows.set(id, row);
    return row;
  }

  #least(): [string, Row<K>] {
    let least: [string, Row<K>] | undefined;
    for (const entry of this.#rows) if (least === undefined || entry[1].uses < least[1].uses) least = entry;
    return least as [string, Row<K>];
  }

  #newRings(): StepRings {
    return new StepRings(this.#width, windowSteps, fractionCells);
  }
}
