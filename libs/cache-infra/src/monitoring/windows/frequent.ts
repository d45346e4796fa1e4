import type { WindowName } from './window-report.js';
import { windowNames, windowSteps } from './window-report.js';

/** One of the frequent elements. */
export interface Frequent {
  readonly id: string;
  /** At least this often. */
  readonly count: number;
}

/**
 * The frequent elements of a stream, in constant memory: Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient
 * computation of frequent and top-k elements in data streams", ICDT 2005). A new element takes the place of the least
 * frequent one, and inherits its count as a possible error; the reported counts leave the error out.
 *
 * The chance of a new element is `amount / (least count + amount)`, so that rare elements move few others (RAP: Ben
 * Basat, Einziger, Friedman, Kassner, "Randomized admission policy for efficient top-k and frequency estimation",
 * INFOCOM 2017).
 */
export class FrequentElements {
  readonly #size: number;
  readonly #slots = new Map<string, number>();
  readonly #ids: string[] = [];
  readonly #counts: Float64Array;
  readonly #errors: Float64Array;
  /** At most the count of the least frequent element. */
  #least = 0;

  constructor(size: number) {
    this.#size = size;
    this.#counts = new Float64Array(size);
    this.#errors = new Float64Array(size);
  }

  add(id: string, amount: number): void {
    const slot = this.#slots.get(id) ?? this.#slotFor(id, amount);
    if (slot === undefined) return;
    this.#counts[slot] = (this.#counts[slot] as number) + amount;
  }

  entries(): Frequent[] {
    return this.#ids.map((id, slot) => {
      return { id, count: (this.#counts[slot] as number) - (this.#errors[slot] as number) };
    });
  }

  clear(): void {
    if (this.#ids.length === 0) return;
    this.#slots.clear();
    this.#ids.length = 0;
    this.#counts.fill(0);
    this.#errors.fill(0);
    this.#least = 0;
  }

  /** Undefined = the element is not admitted. */
  #slotFor(id: string, amount: number): number | undefined {
    let slot = this.#ids.length;
    if (slot === this.#size) {
      if (Math.random() * (this.#least + amount) >= amount) return undefined;
      slot = 0;
      for (let i = 1; i < this.#size; i++) {
        if ((this.#counts[i] as number) < (this.#counts[slot] as number)) slot = i;
      }
      this.#least = this.#counts[slot] as number;
      this.#slots.delete(this.#ids[slot] as string);
      this.#errors[slot] = this.#counts[slot] as number;
    }
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    return slot;
  }
}

/** Parts of a window: the oldest is dropped as a whole. */
const partCount = 6;
const size = 64;

interface Part {
  readonly number: number;
  readonly elements: FrequentElements;
}

/**
 * The frequent elements of each window: one summary per sixth of the window, dropped when it is older than the window.
 * The newest sixth is not over yet: a window covers between five and six sixths of its length.
 */
export class FrequentInWindows {
  readonly #parts: Readonly<Record<WindowName, Part[]>> = { '1m': [], '5m': [], '1h': [], '24h': [] };

  add(second: number, id: string, amount: number): void {
    for (const window of windowNames) this.#open(window, second).elements.add(id, amount);
  }

  /** Most frequent first. */
  top(window: WindowName, second: number, most: number): Frequent[] {
    const open = partNumber(window, second);
    const sums = new Map<string, number>();
    for (const { number, elements } of this.#parts[window]) {
      if (number <= open - partCount) continue;
      for (const { id, count } of elements.entries()) sums.set(id, (sums.get(id) ?? 0) + count);
    }
    const all = [...sums].map(([id, count]) => ({ id, count }));
    return all.sort((a, b) => b.count - a.count).slice(0, most);
  }

  clear(): void {
    for (const window of windowNames) this.#parts[window].length = 0;
  }

  #open(window: WindowName, second: number): Part {
    const parts = this.#parts[window];
    const number = partNumber(window, second);
    const last = parts.at(-1);
    if (last?.number === number) return last;
    const reused = parts.length === partCount ? parts.shift()?.elements : undefined;
    reused?.clear();
    const part = { number, elements: reused ?? new FrequentElements(size) };
    parts.push(part);
    return part;
  }
}

function partNumber(window: WindowName, second: number): number {
  const { steps, seconds } = windowSteps[window];
  return Math.floor(second / ((steps * seconds) / partCount));
}
