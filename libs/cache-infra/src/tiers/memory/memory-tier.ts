import { LRUCache } from 'lru-cache';
import { coarseClock, type Clock, type CoarseClock } from '../../base/clock.js';
import { entrySize } from './entry-size.js';
import { L1Entry } from './l1-entry.js';
import type { BudgetMember, MemoryBudget } from './memory-budget.js';

/** Milliseconds between two sweeps for expired entries. */
const sweepEveryMs = 30_000;
/** Entries that one slice of a sweep visits. */
const sweepSlice = 5_000;
/** Milliseconds between two slices. */
const sweepPauseMs = 20;

/**
 * `lru-cache` keeps an entry through the last millisecond of its ttl. An L1 entry ends when its ttl has passed: its ttl
 * is cut by this much.
 */
const lastMs = 0.5;

/**
 * The largest entry that the L1 takes, as a share of its bytes and of its budget. A larger one would displace too many
 * others.
 */
const largestShare = 1 / 4;

/** The types of `lru-cache` exclude `null`. At run time it is held like any other value. */
type Held = string | number | bigint | boolean | object;

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
 * The L1: the most recently used entries of this process. A sweep removes expired entries, in slices and while there
 * are any: an entry needs neither a read nor its own timer to be removed.
 *
 * Most entries are a value and a ttl. Such an entry is held as the bare value, and `lru-cache` keeps its ttl: that
 * takes half the memory of a record, and a hit reads one object less. An entry with details is held as its record.
 *
 * With `maxBytes` or a budget, the L1 estimates the size of each entry that it stores, and evicts until all entries
 * fit. It refuses an entry that is larger than a quarter of either, and deletes the older entry with the same id.
 */
export class MemoryTier {
  readonly maxSize: number;
  readonly #entries: LRUCache<string, Held>;
  readonly #clock: Clock;
  readonly #coarse: Pick<CoarseClock, 'coarse'>;
  /** The options of every `set`: one reused object. */
  readonly #life: LRUCache.SetOptions<string, Held, unknown> = { ttl: 0, start: 0 };
  #timer: NodeJS.Timeout | undefined;
  /** undefined = no bound in bytes, and no size is computed. */
  readonly #maxBytes: number | undefined;
  readonly #budget: MemoryBudget | undefined;
  readonly #member: BudgetMember | undefined;
  readonly #onTooLarge: () => void;
  #closed = false;

  constructor({ maxSize, maxBytes, budget, clock, onEvict, onTooLarge = ignore }: MemoryTierOptions) {
    this.maxSize = maxSize;
    // With a budget alone, `lru-cache` counts the bytes and bounds nothing.
    this.#maxBytes = maxBytes ?? (budget && Number.MAX_SAFE_INTEGER);
    this.#onTooLarge = onTooLarge;
    this.#clock = clock;
    const coarse = coarseClock(clock);
    this.#coarse = coarse;
    this.#entries = new LRUCache<string, Held>({
      max: maxSize,
      ...(this.#maxBytes === undefined ? {} : { maxSize: this.#maxBytes }),
      // Every `set` passes its own ttl. This one makes `lru-cache` allocate its arrays now, and not in the first `set`.
      ttl: 1,
      // The coarse reading may be wrong for a moment after the clock was moved: no entry is deleted because of it.
      noDeleteOnStaleGet: true,
      // `lru-cache` must not cache the time: it would miss that the clock was moved.
      ttlResolution: 0,
      perf: { now: coarse.coarse },
      dispose: (_value, id, reason) => {
        if (reason === 'evict') onEvict(id);
      },
    });
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
    return this.#entries.calculatedSize;
  }

  /**
   * Returns what is held for `id`, and marks it as used: a record, whose times the caller must check, or a bare value,
   * which is within its ttl by the coarse reading of the clock.
   */
  held(id: string): unknown {
    return this.#entries.get(id);
  }

  /**
   * Returns the record of an entry, and marks it as used. An entry without details is absent once its ttl has passed.
   */
  get(id: string): L1Entry | undefined {
    // An exact reading of the clock makes the coarse reading exact, too.
    this.#clock.now();
    const held = this.#entries.get(id, { noDeleteOnStaleGet: false });
    return held === undefined ? undefined : this.#recordOf(id, held);
  }

  /** As {@link get}, but does not mark the entry as used. */
  peek(id: string): L1Entry | undefined {
    // An exact reading of the clock makes the coarse reading exact, too.
    this.#clock.now();
    const held = this.#entries.peek(id);
    return held === undefined ? undefined : this.#recordOf(id, held);
  }

  /** Does not mark the entry as used. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Returns false if the entry is too large: it is not stored, and the one with its id is deleted. */
  set(id: string, record: L1Entry): boolean {
    if (record.detail === undefined) {
      return this.setPlain(id, record.value, record.plainUntil, this.#clock.now());
    }
    if (this.#closed) return true;
    if (!this.#fits(id, record)) return false;
    // The record carries its times: no ttl for `lru-cache`.
    this.#life.ttl = 0;
    this.#put(id, record);
    this.#budget?.stored(this.#life.size ?? 0);
    this.#sweepSoon(record.staleUntil);
    return true;
  }

  /**
   * Stores a value, not `undefined`, that lives until `until` and has no details; `now` is the exact time. Returns
   * false as {@link set}.
   */
  setPlain(id: string, value: unknown, until: number, now: number): boolean {
    if (this.#closed) return true;
    if (!this.#fits(id, value)) return false;
    const life = this.#life;
    // `lru-cache` takes a ttl of 0 for none, and a start of 0 for not started.
    life.ttl = until === Infinity ? 0 : until - now - lastMs || -lastMs;
    life.start = now || Number.MIN_VALUE;
    this.#put(id, value as Held);
    this.#budget?.stored(life.size ?? 0);
    this.#sweepSoon(until);
    return true;
  }

  delete(id: string): boolean {
    return this.#entries.delete(id);
  }

  /** With a bound in bytes: passes the size of the next entry to `lru-cache`, or deletes the entry and reports. */
  #fits(id: string, held: unknown): boolean {
    if (this.#maxBytes === undefined) return true;
    const size = entrySize(id, held);
    const most = Math.min(this.#maxBytes, this.#budget?.maxBytes ?? Infinity);
    if (size <= most * largestShare) {
      this.#life.size = size;
      // `lru-cache` keeps the size of an entry that is set to the same value: an object kept by reference may have
      // grown.
      if (this.#entries.peek(id, { allowStale: true }) === held) this.#entries.delete(id);
      return true;
    }
    this.#entries.delete(id);
    this.#onTooLarge();
    return false;
  }

  #put(id: string, held: Held): void {
    this.#entries.set(id, held, this.#life);
    // With a subscriber to its metrics, `lru-cache` stores its report in the options, with the value: drop the report.
    if (this.#life.status !== undefined) delete this.#life.status;
  }

  /** Deletes every entry that `matches`, expired or not, after passing it to `onDelete`. Returns how many. O(size). */
  deleteWhere(matches: (id: string) => boolean, onDelete: (record: L1Entry) => void): number {
    let deleted = 0;
    for (const id of this.#allIds()) {
      if (!matches(id)) continue;
      onDelete(this.#recordOf(id, this.#entries.peek(id, { allowStale: true })));
      if (this.#entries.delete(id)) deleted++;
    }
    return deleted;
  }

  /** The ids of all entries, expired or not; the most recently used first. */
  ids(): readonly string[] {
    return this.#allIds();
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

  #recordOf(id: string, held: unknown): L1Entry {
    if (held instanceof L1Entry) return held;
    // Read the clock first: if it advances in between, the entry ends early, never late.
    const now = this.#coarse.coarse();
    const until = now + this.#entries.getRemainingTTL(id) + lastMs;
    return new L1Entry(held, until, undefined);
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
      this.#sweep(ids ?? this.#allIds());
    }, ms);
    this.#timer.unref();
  }

  /** The ids of all entries, expired or not; the most recently used first. */
  #allIds(): string[] {
    const entries = this.#entries;
    entries.allowStale = true;
    const ids = [...entries.keys()];
    entries.allowStale = false;
    return ids;
  }

  #sweep(ids: string[]): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    // The least recently used entries stand at the end.
    for (const id of ids.splice(-sweepSlice)) {
      const record = this.#entries.peek(id, { allowStale: true });
      if (record instanceof L1Entry ? record.staleUntil <= now : this.#entries.getRemainingTTL(id) <= 0)
        this.#entries.delete(id);
    }
    if (ids.length > 0) this.#sweepIn(sweepPauseMs, ids);
    else if (this.#entries.size > 0) this.#sweepIn(sweepEveryMs);
  }
}

function memberOf(entries: LRUCache<string, Held>, hits: () => number): BudgetMember {
  return {
    hits,
    get bytes() {
      return entries.calculatedSize;
    },
    evictOne: () => {
      entries.pop();
    },
  };
}

function ignore(): void {
  // Nothing to report to.
}
