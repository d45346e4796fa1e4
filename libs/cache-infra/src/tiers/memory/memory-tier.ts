import { LRUCache } from 'lru-cache';
import { coarseClock, type Clock, type CoarseClock } from '../../base/clock.js';
import { L1Entry } from './l1-entry.js';

/** How often expired entries are looked for, and how many entries one look visits. */
const sweepEveryMs = 30_000;
const sweepSlice = 5_000;
const sweepPauseMs = 20;

/** `lru-cache` keeps an entry through the last millisecond of its ttl; ours ends when the ttl has passed. */
const lastMs = 0.5;

/** `null` is held like any other value, whatever the types of `lru-cache` say. */
type Held = string | number | bigint | boolean | object;

/**
 * The L1: the most recently used entries of this process. Expired entries leave by themselves, without being read
 * again and without a timer each: a sweep visits them in slices while there is anything to sweep.
 *
 * An entry that is nothing but a value and a ttl, as most are, is held as the bare value, and `lru-cache` keeps its time: that takes
 * half the memory of a record, and a hit has one object less to look into. An entry that carries more is held as its record.
 */
export class MemoryTier {
  readonly maxSize: number;
  readonly #entries: LRUCache<string, Held>;
  readonly #clock: Clock;
  readonly #coarse: Pick<CoarseClock, 'coarse'>;
  /** The options of every `set`, in one object. */
  readonly #life: LRUCache.SetOptions<string, Held, unknown> = { ttl: 0, start: 0 };
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(maxSize: number, clock: Clock, onEvict: (id: string) => void) {
    this.maxSize = maxSize;
    this.#clock = clock;
    const coarse = coarseClock(clock);
    this.#coarse = coarse;
    this.#entries = new LRUCache<string, Held>({
      max: maxSize,
      // Every `set` brings its own: this has the room for them made now, and not by the first `set`.
      ttl: 1,
      // The coarse reading may be wrong for a moment when the clock was moved: on its word nothing is deleted.
      noDeleteOnStaleGet: true,
      // Its own memory of the time would not notice a clock that was moved.
      ttlResolution: 0,
      perf: { now: coarse.coarse },
      dispose: (_value, id, reason) => {
        if (reason === 'evict') onEvict(id);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * What is held: a record, whose times the caller looks at, or a bare value, which is within its ttl as far as the clock's coarse reading
   * tells. Marks it as used.
   */
  held(id: string): unknown {
    return this.#entries.get(id);
  }

  /** As a record, whatever it is held as. One that carries nothing beyond its ttl is gone with that. Marks it as used. */
  get(id: string): L1Entry | undefined {
    // Asked exactly, the coarse reading is exact as well.
    this.#clock.now();
    const held = this.#entries.get(id, { noDeleteOnStaleGet: false });
    return held === undefined ? undefined : this.#recordOf(id, held);
  }

  /** Without marking it as used. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  set(id: string, record: L1Entry): void {
    if (record.detail === undefined) {
      this.setPlain(id, record.value, record.plainUntil, this.#clock.now());
      return;
    }
    if (this.#closed) return;
    // Its times are its own.
    this.#life.ttl = 0;
    this.#put(id, record);
    this.#sweepSoon(record.staleUntil);
  }

  /** A value, not `undefined`, that lives until `until` and carries nothing more; `now`: what the clock says. */
  setPlain(id: string, value: unknown, until: number, now: number): void {
    if (this.#closed) return;
    const life = this.#life;
    // To `lru-cache` a 0 means that it has no ttl, or did not begin.
    life.ttl = until === Infinity ? 0 : until - now - lastMs || -lastMs;
    life.start = now || Number.MIN_VALUE;
    this.#put(id, value as Held);
    this.#sweepSoon(until);
  }

  delete(id: string): boolean {
    return this.#entries.delete(id);
  }

  #put(id: string, held: Held): void {
    this.#entries.set(id, held, this.#life);
    // Where somebody listens to its metrics, `lru-cache` leaves there what it told: with the value.
    if (this.#life.status !== undefined) delete this.#life.status;
  }

  /** Deletes what `matches`, expired or not, after showing it to `onDelete`; returns how many. O(size). */
  deleteWhere(matches: (id: string) => boolean, onDelete: (record: L1Entry) => void): number {
    let deleted = 0;
    for (const id of this.#allIds()) {
      if (!matches(id)) continue;
      onDelete(this.#recordOf(id, this.#entries.peek(id, { allowStale: true })));
      if (this.#entries.delete(id)) deleted++;
    }
    return deleted;
  }

  /** Of everything that is held now, expired or not; the most recently used first. */
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
    this.#entries.clear();
  }

  #recordOf(id: string, held: unknown): L1Entry {
    if (held instanceof L1Entry) return held;
    // In this order: a clock that goes on in between makes it end early, never late.
    const now = this.#coarse.coarse();
    const until = now + this.#entries.getRemainingTTL(id) + lastMs;
    return new L1Entry(held, until, undefined);
  }

  #sweepSoon(staleUntil: number): void {
    if (this.#timer === undefined && staleUntil !== Infinity) this.#sweepIn(sweepEveryMs);
  }

  /** `ids` still to be visited; none = a new round. Listed up front: entries come and go in the pauses. */
  #sweepIn(ms: number, ids?: string[]): void {
    this.#timer = setTimeout(() => {
      this.#sweep(ids ?? this.#allIds());
    }, ms);
    this.#timer.unref();
  }

  /** Those of expired entries, too; the most recently used first. */
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
    // From the end, where the least recently used stand.
    for (const id of ids.splice(-sweepSlice)) {
      const record = this.#entries.peek(id, { allowStale: true });
      if (record instanceof L1Entry ? record.staleUntil <= now : this.#entries.getRemainingTTL(id) <= 0)
        this.#entries.delete(id);
    }
    if (ids.length > 0) this.#sweepIn(sweepPauseMs, ids);
    else if (this.#entries.size > 0) this.#sweepIn(sweepEveryMs);
  }
}
