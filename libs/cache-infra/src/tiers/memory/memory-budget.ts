import { getHeapStatistics } from 'node:v8';

/** Bytes stored between two looks at the heap. */
const lookEveryBytes = 2 ** 20;
/** Stores between two looks at the heap. */
const lookEveryStores = 64;
/** Share of V8's heap limit from which on the L1s shrink. */
const pressureAt = 0.8;
/** Growth of the heap, or bytes stored, from one shrinking to the next, as a share of the limit. */
const pressureStep = 0.02;
/** Share of the bytes of all L1s that each shrinking frees. */
const shrinkBy = 1 / 8;
/** Milliseconds after which the hits of an L1 count half. */
const halfLifeMs = 10_000;

/** An L1 that shares the budget. */
export interface BudgetMember {
  /** Estimated bytes of its entries. */
  readonly bytes: number;
  /** Hits since it was made. */
  hits(): number;
  /** Evicts the entry that it needs least. */
  evictOne(): void;
}

/** V8's heap, bytes. */
export interface Heap {
  /** Bytes of its pages: fragmented ones count whole, as they do for the limit. */
  readonly total: number;
  readonly limit: number;
}

interface Member {
  readonly l1: BudgetMember;
  /** The most bytes that this cache allows all of them together. */
  readonly maxBytes: number;
  hitsBefore: number;
  /** Recent hits. */
  use: number;
}

/**
 * The bytes that the L1s of this process take together. A store that exceeds them evicts from the L1 with the most
 * bytes for each recent hit, which chooses the entry. So each L1 tends to have bytes in proportion to its hits.
 *
 * A store also looks at V8's heap, every 64th time and after each MiB. Above four fifths of the limit the L1s give up
 * an eighth of their bytes, and again after the heap has grown, or the L1s have stored, 2 % of the limit: V8 gets time
 * to collect the garbage. There is no timer.
 */
export class MemoryBudget {
  readonly #members = new Map<BudgetMember, Member>();
  readonly #now: () => number;
  readonly #heap: () => Heap;
  #maxBytes = Infinity;
  #bytesUntilLook = lookEveryBytes;
  #storesUntilLook = lookEveryStores;
  /** The heap at the latest shrinking, or less if it has fallen since. */
  #totalAtShrink = 0;
  #storedSinceShrink = 0;
  #agedAt = 0;

  constructor(now: () => number = () => performance.now(), heap: () => Heap = v8Heap) {
    this.#now = now;
    this.#heap = heap;
  }

  /** The most bytes of all L1s: the smallest that one of them allows. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The estimated bytes of all L1s. */
  get bytes(): number {
    let bytes = 0;
    for (const { bytes: own } of this.#members.keys()) bytes += own;
    return bytes;
  }

  join(l1: BudgetMember, maxBytes: number): void {
    this.#members.set(l1, { l1, maxBytes, hitsBefore: l1.hits(), use: 0 });
    this.#maxBytes = Math.min(this.#maxBytes, maxBytes);
  }

  leave(l1: BudgetMember): void {
    this.#members.delete(l1);
    this.#maxBytes = Math.min(...[...this.#members.values()].map(({ maxBytes }) => maxBytes));
  }

  /** Call it after a store of this many bytes. */
  stored(bytes: number): void {
    this.#evictDownTo(this.#maxBytes);
    this.#bytesUntilLook -= bytes;
    this.#storedSinceShrink += bytes;
    if (--this.#storesUntilLook > 0 && this.#bytesUntilLook > 0) return;
    this.#storesUntilLook = lookEveryStores;
    this.#bytesUntilLook = lookEveryBytes;
    this.#relieveHeap();
  }

  #relieveHeap(): void {
    const { total, limit } = this.#heap();
    this.#totalAtShrink = Math.min(this.#totalAtShrink, total);
    if (total < limit * pressureAt) return;
    const step = limit * pressureStep;
    if (total < this.#totalAtShrink + step && this.#storedSinceShrink < step) return;
    this.#totalAtShrink = total;
    this.#storedSinceShrink = 0;
    this.#evictDownTo(Math.floor(this.bytes * (1 - shrinkBy)));
  }

  #evictDownTo(most: number): void {
    let bytes = this.bytes;
    if (bytes <= most) return;
    this.#countUse();
    while (bytes > most) {
      const victim = this.#leastUseful();
      if (victim === undefined) return;
      const before = victim.bytes;
      victim.evictOne();
      bytes -= before - victim.bytes;
    }
  }

  /** The L1 with the most bytes for each recent hit. */
  #leastUseful(): BudgetMember | undefined {
    let found: BudgetMember | undefined;
    let most = 0;
    for (const { l1, use } of this.#members.values()) {
      const cost = l1.bytes / (use + 1);
      if (cost <= most) continue;
      most = cost;
      found = l1;
    }
    return found;
  }

  /** Adds the hits since the last time to the use of each L1, and halves the use every ten seconds. */
  #countUse(): void {
    const now = this.#now();
    const halvings = Math.floor((now - this.#agedAt) / halfLifeMs);
    if (halvings > 0) this.#agedAt = now;
    for (const member of this.#members.values()) {
      const hits = member.l1.hits();
      member.use = member.use / 2 ** halvings + hits - member.hitsBefore;
      member.hitsBefore = hits;
    }
  }
}

/** The budget of this process. */
export const memoryBudget = new MemoryBudget();

function v8Heap(): Heap {
  const { total_heap_size: total, heap_size_limit: limit } = getHeapStatistics();
  return { total, limit };
}
