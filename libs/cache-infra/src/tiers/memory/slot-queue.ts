/** No slot. */
const none = -1;

/** The neighbours of slots in their queues. A slot stands in one queue at most. */
export class SlotLinks {
  readonly newer: Int32Array;
  readonly older: Int32Array;

  constructor(slots: number) {
    this.newer = new Int32Array(slots);
    this.older = new Int32Array(slots);
  }
}

/** A queue of slots, as a ring that an `end` closes: a slot number that is no entry's. */
export class SlotQueue {
  readonly #links: SlotLinks;
  readonly #end: number;
  #size = 0;

  constructor(links: SlotLinks, end: number) {
    this.#links = links;
    this.#end = end;
    this.clear();
  }

  get size(): number {
    return this.#size;
  }

  /** The slot that entered first. The queue must not be empty. */
  get oldest(): number {
    return this.#links.newer[this.#end] as number;
  }

  push(slot: number): void {
    const { newer, older } = this.#links;
    const newest = older[this.#end] as number;
    older[slot] = newest;
    newer[slot] = this.#end;
    newer[newest] = slot;
    older[this.#end] = slot;
    this.#size++;
  }

  remove(slot: number): void {
    const { newer, older } = this.#links;
    const before = older[slot] as number;
    const after = newer[slot] as number;
    newer[before] = after;
    older[after] = before;
    this.#size--;
  }

  clear(): void {
    this.#links.newer[this.#end] = this.#end;
    this.#links.older[this.#end] = this.#end;
    this.#size = 0;
  }
}

/** The slots from 0 on that no entry has: those given back, the latest first, then those that were never taken. */
export class FreeSlots {
  /** The slot that was given back before this one; {@link none} for the first one. */
  readonly #next: Int32Array;
  #first = none;
  #taken = 0;

  /** `links`: a free slot stands in no queue, so its link leads to the next free one. */
  constructor(links: SlotLinks) {
    this.#next = links.newer;
  }

  /** How many slots were ever taken: only these can have an entry. */
  get used(): number {
    return this.#taken;
  }

  take(): number {
    const slot = this.#first;
    if (slot === none) return this.#taken++;
    this.#first = this.#next[slot] as number;
    return slot;
  }

  giveBack(slot: number): void {
    this.#next[slot] = this.#first;
    this.#first = slot;
  }

  /** Makes all slots free. */
  clear(): void {
    this.#first = none;
    this.#taken = 0;
  }
}
