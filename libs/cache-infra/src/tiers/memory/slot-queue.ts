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
