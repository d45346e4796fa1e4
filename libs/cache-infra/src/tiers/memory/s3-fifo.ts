import { Ghosts, hashOf } from './ghosts.js';
import { FreeSlots, SlotLinks, SlotQueue } from './slot-queue.js';

/** Share of the entries that the small queue keeps. */
const smallShare = 0.1;
/** Uses of an entry that are counted; they take the two low bits of its state. */
const mostUses = 3;
/** The bit of the state of an entry that stands in the main queue. */
const inMain = 4;
/** Entries that one eviction spares because they were used. */
const mostSpared = 64;

export interface S3FifoOptions {
  /** Most entries. */
  readonly maxSize: number;
  /** Most bytes of all entries. Absent: no sizes are kept. */
  readonly maxBytes?: number | undefined;
  /** An entry left for others. Called when the change that made it leave is done: it may change the entries again. */
  readonly onEvict: (id: string) => void;
}

/**
 * Entries up to a number, and up to a sum of sizes; S3-FIFO says which entry leaves for a new one.
 *
 * Two queues hold the entries in the order in which they entered. New entries enter the small queue. An eviction takes
 * the oldest entry of the small queue while that queue has a tenth of all entries or more, else the oldest entry of the
 * main queue. An entry of the small queue that was used moves to the main queue instead. An entry of the main queue
 * that was used goes back to its start, once for each use, three at most. The ids of entries that left the small queue
 * are remembered as {@link Ghosts}; an entry with such an id enters the main queue. So a scan passes through the small
 * queue and leaves the entries that are used again alone. A use counts up in a byte and moves nothing.
 *
 * J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO Queues are All You Need for Cache Eviction", SOSP 2023. There,
 * an entry moves to the main queue after two uses; here, one use is enough. One eviction spares 64 used entries at
 * most, so that none takes long; then it takes the next one, used or not. `docs/decisions/eviction.md` compares them.
 *
 * An entry stands in a slot, a row of several arrays, until it is deleted. All arrays are allocated at the start.
 */
export class S3Fifo<V> {
  readonly #maxSize: number;
  readonly #maxBytes: number;
  readonly #onEvict: (id: string) => void;
  readonly #slots = new Map<string, number>();
  readonly #ids: (string | undefined)[];
  readonly #values: (V | undefined)[];
  readonly #ends: Float64Array;
  /** Uses, and {@link inMain}. */
  readonly #states: Uint8Array;
  /** Hashes of the ids; 0 = not yet computed. */
  readonly #hashes: Int32Array;
  /** undefined = no sizes are kept. */
  readonly #sizes: Float64Array | undefined;
  readonly #free: FreeSlots;
  readonly #small: SlotQueue;
  readonly #main: SlotQueue;
  readonly #ghosts: Ghosts;
  #bytes = 0;
  /** The id of an evicted entry that is still to be reported. More than one are rare. */
  #evicted: string | undefined;
  readonly #alsoEvicted: string[] = [];

  constructor({ maxSize, maxBytes, onEvict }: S3FifoOptions) {
    this.#maxSize = maxSize;
    this.#maxBytes = maxBytes ?? Infinity;
    this.#onEvict = onEvict;
    this.#ids = new Array<string | undefined>(maxSize).fill(undefined);
    this.#values = new Array<V | undefined>(maxSize).fill(undefined);
    this.#ends = new Float64Array(maxSize);
    this.#states = new Uint8Array(maxSize);
    this.#hashes = new Int32Array(maxSize);
    this.#sizes = maxBytes === undefined ? undefined : new Float64Array(maxSize);
    const links = new SlotLinks(maxSize + 2);
    this.#free = new FreeSlots(links);
    this.#small = new SlotQueue(links, maxSize);
    this.#main = new SlotQueue(links, maxSize + 1);
    this.#ghosts = new Ghosts(Math.max(1, maxSize - smallShareOf(maxSize)));
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The sum of the sizes of all entries; 0 when none are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The ids of all entries, in the order in which they were first stored. */
  ids(): string[] {
    return [...this.#slots.keys()];
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  valueAt(slot: number): V {
    return this.#values[slot] as V;
  }

  /** The end of the entry's life as it was passed to {@link set}. An entry whose life has ended stays. */
  endAt(slot: number): number {
    return this.#ends[slot] as number;
  }

  /** Counts a use of the entry. */
  use(slot: number): void {
    const state = this.#states[slot] as number;
    if ((state & mostUses) < mostUses) this.#states[slot] = state + 1;
  }

  /**
   * Stores an entry, and evicts others until it fits: a `size` above `maxBytes` evicts all others. A new value for a
   * stored id counts as a use.
   */
  set(id: string, value: V, end: number, size: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) this.#insert(id, value, end, size);
    else this.#replace(slot, value, end, size);
    this.#report();
  }

  delete(id: string): boolean {
    const slot = this.#slots.get(id);
    if (slot !== undefined) this.#remove(slot);
    return slot !== undefined;
  }

  /**
   * Deletes an entry whose life has ended and whose id is asked for. If it stands in the main queue, its id becomes a
   * ghost: its next value stands there again.
   */
  expire(id: string, slot: number): void {
    if (this.#isInMain(slot)) this.#remember(id, slot);
    this.#remove(slot);
  }

  /** Evicts one entry, if there is one. */
  evictOne(): void {
    if (this.size > 0) this.#evict();
    this.#report();
  }

  clear(): void {
    this.#slots.clear();
    this.#ids.fill(undefined, 0, this.#free.used);
    this.#values.fill(undefined, 0, this.#free.used);
    this.#free.clear();
    this.#small.clear();
    this.#main.clear();
    this.#ghosts.clear();
    this.#bytes = 0;
  }

  #insert(id: string, value: V, end: number, size: number): void {
    while (this.size >= this.#maxSize || (this.#bytes + size > this.#maxBytes && this.size > 0))
      this.#evict();
    const slot = this.#free.take();
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    this.#values[slot] = value;
    this.#ends[slot] = end;
    if (this.#sizes !== undefined) this.#sizes[slot] = size;
    this.#bytes += size;
    const hash = this.#ghosts.isEmpty ? 0 : hashOf(id);
    this.#hashes[slot] = hash;
    this.#states[slot] = hash !== 0 && this.#ghosts.take(hash) ? inMain : 0;
    this.#queueOf(slot).push(slot);
  }

  #replace(slot: number, value: V, end: number, size: number): void {
    this.#values[slot] = value;
    this.#ends[slot] = end;
    this.use(slot);
    if (this.#sizes === undefined) return;
    this.#bytes += size - (this.#sizes[slot] as number);
    this.#sizes[slot] = size;
    if (this.#bytes <= this.#maxBytes) return;
    // Outside of its queue the entry itself is not evicted.
    const queue = this.#queueOf(slot);
    queue.remove(slot);
    while (this.#bytes > this.#maxBytes && this.size > 1) this.#evict();
    queue.push(slot);
  }

  #evict(): void {
    const slot = this.#victim();
    const id = this.#ids[slot] as string;
    if (!this.#isInMain(slot)) this.#remember(id, slot);
    this.#remove(slot);
    if (this.#evicted === undefined) this.#evicted = id;
    else this.#alsoEvicted.push(id);
  }

  /** The slot of the entry that leaves next. Moves used entries that stand before it. */
  #victim(): number {
    const states = this.#states;
    const share = smallShareOf(this.size);
    let spared = 0;
    while (this.#small.size >= share) {
      const { oldest } = this.#small;
      if (states[oldest] === 0 || spared === mostSpared) return oldest;
      spared++;
      states[oldest] = inMain;
      this.#small.remove(oldest);
      this.#main.push(oldest);
    }
    for (;;) {
      const { oldest } = this.#main;
      const state = states[oldest] as number;
      if (state === inMain || spared === mostSpared) return oldest;
      spared++;
      states[oldest] = state - 1;
      this.#main.remove(oldest);
      this.#main.push(oldest);
    }
  }

  #remember(id: string, slot: number): void {
    this.#ghosts.add((this.#hashes[slot] as number) || hashOf(id));
  }

  #remove(slot: number): void {
    this.#queueOf(slot).remove(slot);
    this.#slots.delete(this.#ids[slot] as string);
    this.#ids[slot] = undefined;
    this.#values[slot] = undefined;
    if (this.#sizes !== undefined) this.#bytes -= this.#sizes[slot] as number;
    this.#free.giveBack(slot);
  }

  #isInMain(slot: number): boolean {
    return ((this.#states[slot] as number) & inMain) !== 0;
  }

  #queueOf(slot: number): SlotQueue {
    return this.#isInMain(slot) ? this.#main : this.#small;
  }

  #report(): void {
    while (this.#evicted !== undefined) {
      const id = this.#evicted;
      this.#evicted = this.#alsoEvicted.length === 0 ? undefined : this.#alsoEvicted.shift();
      this.#onEvict(id);
    }
  }
}

function smallShareOf(size: number): number {
  return Math.max(1, Math.floor(size * smallShare));
}
