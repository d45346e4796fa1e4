import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { MemoryRecord } from './memory-record.js';

/** How often expired entries are looked for, and how many entries one look visits. */
const sweepEveryMs = 30_000;
const sweepSlice = 5_000;
const sweepPauseMs = 20;

/**
 * The L1: the most recently used entries of this process. Expired entries leave by themselves, without being read
 * again and without a timer each: a sweep visits them in slices while there is anything to sweep.
 */
export class MemoryTier {
  readonly maxSize: number;
  readonly #entries: LRUCache<string, MemoryRecord>;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(maxSize: number, clock: Clock, onEvict: (id: string) => void) {
    this.maxSize = maxSize;
    this.#clock = clock;
    this.#entries = new LRUCache<string, MemoryRecord>({
      max: maxSize,
      dispose: (_record, id, reason) => {
        if (reason === 'evict') onEvict(id);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry as it is, expired or not; the caller looks at its times. Marks it as used. */
  get(id: string): MemoryRecord | undefined {
    return this.#entries.get(id);
  }

  /** Without marking it as used. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  set(id: string, record: MemoryRecord): void {
    if (this.#closed) return;
    this.#entries.set(id, record);
    if (this.#timer === undefined && record.staleUntil !== Infinity) this.#sweepIn(sweepEveryMs);
  }

  delete(id: string): boolean {
    return this.#entries.delete(id);
  }

  /** Deletes what `matches`; returns how many. O(size). */
  deleteWhere(matches: (id: string, record: MemoryRecord) => boolean): number {
    let deleted = 0;
    for (const [id, record] of this.#entries.entries()) {
      if (matches(id, record) && this.#entries.delete(id)) deleted++;
    }
    return deleted;
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

  /** `ids` still to be visited; none = a new round. Listed up front: entries come and go in the pauses. */
  #sweepIn(ms: number, ids?: string[]): void {
    this.#timer = setTimeout(() => {
      this.#sweep(ids ?? [...this.#entries.keys()]);
    }, ms);
    this.#timer.unref();
  }

  #sweep(ids: string[]): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    // From the end, where the least recently used stand.
    for (const id of ids.splice(-sweepSlice)) {
      const record = this.#entries.peek(id);
      if (record !== undefined && record.staleUntil <= now) this.#entries.delete(id);
    }
    if (ids.length > 0) this.#sweepIn(sweepPauseMs, ids);
    else if (this.#entries.size > 0) this.#sweepIn(sweepEveryMs);
  }
}
