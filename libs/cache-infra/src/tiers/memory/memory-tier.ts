import { coarseClock, type Clock } from '../../base/clock.js';
import { entrySize } from './entry-size.js';
import { L1Entry } from './l1-entry.js';
import type { BudgetMember, MemoryBudget } from './memory-budget.js';
import { S3Fifo } from './s3-fifo.js';

/** Milliseconds between two sweeps for expired entries. */
const sweepEveryMs = 30_000;
/** Entries that one slice of a sweep visits. */
const sweepSlice = 5_000;
/** Milliseconds between two slices. */
const sweepPauseMs = 20;

/**
 * The largest entry that the L1 takes, as a share of its bytes and of its budget. A larger one would displace too many
 * others.
 */
const largestShare = 1 / 4;

/** A budget of several L1s. */
export interface L1Budget {
  readonly shared: MemoryBudget;
  /** The most bytes that this L1 allows all of them together. */
  readonly maxBytes: number;
  /** Hits of this L1 since it was made. */
  readonly hits: () => number;
}

export interface MemoryTierOptions {
  /** Most entries. */
  readonly maxSize: number;
  /** Most bytes of all entries, by {@link entrySize}. Absent: no size is computed. */
  readonly maxBytes?: number | undefined;
  /** The budget that this L1 shares with others. */
  readonly budget?: L1Budget | undefined;
  readonly clock: Clock;
  /** An entry left for others. */
  readonly onEvict: (id: string) => void;
  /** An entry was too large, and the one with its id was deleted. */
  readonly onTooLarge?: (() => void) | undefined;
}

/**
 * The L1: entries of this process, of which {@link S3Fifo} keeps those that are used again. A sweep removes expired
 * entries, in slices and while there are any: an entry needs neither a read nor its own timer to be removed.
 *
 * Most entries are a value and a ttl. Such an entry is held as the bare value, and its end stands in an array: that
 * takes half the memory of a record, and a hit reads one object less. An entry with details is held as its record,
 * which has its times: its end in the array is `Infinity`.
 *
 * With `maxBytes` or a budget, the L1 estimates the size of each entry that it stores, and evicts until all entries
 * fit. It refuses an entry that is larger than a quarter of either, and deletes the older entry with the same id.
 */
export class MemoryTier {
  readonly maxSize: number;
  /** Values and records. */
  readonly #entries: S3Fifo<unknown>;
  readonly #clock: Clock;
  readonly #coarse: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** undefined = no bound in bytes, and no size is computed. */
  readonly #maxBytes: number | undefined;
  readonly #budget: MemoryBudget | undefined;
  readonly #member: BudgetMember | undefined;
  readonly #onTooLarge: () => void;
  #closed = false;

  constructor({ maxSize, maxBytes, budget, clock, onEvict, onTooLarge = ignore }: MemoryTierOptions) {
    this.maxSize = maxSize;
    // With a budget alone, the bytes are counted, and nothing is bounded.
    this.#maxBytes = maxBytes ?? (budget && Infinity);
    this.#onTooLarge = onTooLarge;
    this.#clock = clock;
    this.#coarse = coarseClock(clock).coarse;
    this.#entries = new S3Fifo({ maxSize, maxBytes: this.#maxBytes, onEvict });
    if (budget === undefined) return;
    this.#budget = budget.shared;
    this.#member = memberOf(this.#entries, budget.hits);
    budget.shared.join(this.#member, budget.maxBytes);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The estimated bytes of all entries; 0 when no size is computed. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  /**
   * Returns what is held for `id`, and marks it as used: a record, whose times the caller must check, or a bare value,
   * which is within its ttl by the coarse reading of the clock.
   */
  held(id: string): unknown {
    const entries = this.#entries;
    const slot = entries.slotOf(id);
    if (slot === undefined) return undefined;
    const end = entries.endAt(slot);
    // The coarse reading may be wrong for a moment after the clock was moved: no entry is deleted because of it.
    if (end !== Infinity && end <= this.#coarse()) return undefined;
    entries.use(slot);
    return entries.valueAt(slot);
  }

  /**
   * Returns the record of an entry, and marks it as used. An entry without details is absent once its ttl has passed.
   */
  get(id: string): L1Entry | undefined {
    // An exact reading of the clock makes the coarse reading exact, too.
    const now = this.#clock.now();
    const slot = this.#entries.slotOf(id);
    if (slot === undefined) return undefined;
    if (this.#entries.endAt(slot) <= now) {
      this.#entries.expire(id, slot);
      return undefined;
    }
    this.#entries.use(slot);
    return this.#recordAt(slot);
  }

  /** As {@link get}, but does not mark the entry as used. */
  peek(id: string): L1Entry | undefined {
    const now = this.#clock.now();
    const slot = this.#entries.slotOf(id);
    return slot === undefined || this.#entries.endAt(slot) <= now ? undefined : this.#recordAt(slot);
  }

  /** Does not mark the entry as used. */
  has(id: string): boolean {
    const slot = this.#entries.slotOf(id);
    return slot !== undefined && this.#entries.endAt(slot) > this.#coarse();
  }

  /** Returns false if the entry is too large: it is not stored, and the one with its id is deleted. */
  set(id: string, record: L1Entry): boolean {
    if (record.detail === undefined) return this.setPlain(id, record.value, record.plainUntil);
    return this.#put(id, record, Infinity, record.staleUntil);
  }

  /** Stores a value, not `undefined`, that lives until `until` and has no details. Returns false as {@link set}. */
  setPlain(id: string, value: unknown, until: number): boolean {
    return this.#put(id, value, until, until);
  }

  delete(id: string): boolean {
    return this.#entries.delete(id);
  }

  /** `end`: of a bare value; `staleUntil`: from then on a sweep removes the entry. */
  #put(id: string, held: unknown, end: number, staleUntil: number): boolean {
    if (this.#closed) return true;
    const size = this.#maxBytes === undefined ? 0 : entrySize(id, held);
    if (size > this.#largest()) {
      this.#entries.delete(id);
      this.#onTooLarge();
      return false;
    }
    this.#entries.set(id, held, end, size);
    this.#budget?.stored(size);
    this.#sweepSoon(staleUntil);
    return true;
  }

  /** The most bytes of an entry. */
  #largest(): number {
    return Math.min(this.#maxBytes ?? Infinity, this.#budget?.maxBytes ?? Infinity) * largestShare;
  }

  /** Deletes every entry that `matches`, expired or not, after passing it to `onDelete`. Returns how many. O(size). */
  deleteWhere(matches: (id: string) => boolean, onDelete: (record: L1Entry) => void): number {
    let deleted = 0;
    for (const id of this.#entries.ids()) {
      if (!matches(id)) continue;
      const slot = this.#entries.slotOf(id);
      if (slot === undefined) continue;
      onDelete(this.#recordAt(slot));
      if (this.#entries.delete(id)) deleted++;
    }
    return deleted;
  }

  /** The ids of all entries, expired or not, in the order in which they were first stored. */
  ids(): readonly string[] {
    return this.#entries.ids();
  }

  clear(): void {
    this.#entries.clear();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#member !== undefined) this.#budget?.leave(this.#member);
    this.#entries.clear();
  }

  #recordAt(slot: number): L1Entry {
    const held = this.#entries.valueAt(slot);
    return held instanceof L1Entry ? held : new L1Entry(held, this.#entries.endAt(slot), undefined);
  }

  #sweepSoon(staleUntil: number): void {
    if (this.#timer === undefined && staleUntil !== Infinity) this.#sweepIn(sweepEveryMs);
  }

  /**
   * `ids`: the entries still to be visited; none = a new sweep. They are listed up front, since entries come and go in
   * the pauses.
   */
  #sweepIn(ms: number, ids?: string[]): void {
    this.#timer = setTimeout(() => {
      this.#sweep(ids ?? this.#entries.ids());
    }, ms);
    this.#timer.unref();
  }

  #sweep(ids: string[]): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const id of ids.splice(-sweepSlice)) {
      const slot = this.#entries.slotOf(id);
      if (slot !== undefined && this.#recordAt(slot).staleUntil <= now) this.#entries.delete(id);
    }
    if (ids.length > 0) this.#sweepIn(sweepPauseMs, ids);
    else if (this.#entries.size > 0) this.#sweepIn(sweepEveryMs);
  }
}

function memberOf(entries: S3Fifo<unknown>, hits: () => number): BudgetMember {
  return {
    hits,
    get bytes() {
      return entries.bytes;
    },
    evictOne: () => {
      entries.evictOne();
    },
  };
}

function ignore(): void {
  // Nothing to report to.
}
