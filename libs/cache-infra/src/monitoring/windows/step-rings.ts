import { windowNames, windowSteps, type WindowName } from './window-report.js';

/** The steps of each window of a series. */
export type Steps = Readonly<Record<WindowName, { readonly steps: number; readonly seconds: number }>>;

/** What a ring stores its cells in: exact sums, or 16 bits for shares of a whole. */
export type Cells = Float64Array | Float32Array | Uint32Array | Uint16Array;

interface Ring {
  readonly steps: number;
  readonly seconds: number;
  /** Cells of step `s` begin at `(s mod steps) * width`. */
  readonly cells: Cells;
  /** Number of the open step since 1970. */
  open: number;
  /** Where the cells of the open step begin. */
  offset: number;
}

function addCounts(cells: Cells, offset: number, counts: Float64Array): void {
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    if (count !== 0) cells[offset + i] = (cells[offset + i] as number) + count;
  }
}

/** Sums of a step of the longest window may exceed 32 bits. */
function exactCells(length: number, seconds: number): Cells {
  return seconds > 60 ? new Float64Array(length) : new Uint32Array(length);
}

/** Adds the counts of a second to the cells of a step, from `offset`. */
export type Merge = (cells: Cells, offset: number, counts: Float64Array) => void;

/**
 * One series in all windows: a ring of steps for each window, as in a round-robin database (RRDtool, Tobias Oetiker,
 * https://oss.oetiker.ch/rrdtool/). A step holds `width` cells. Memory is constant.
 *
 * An addition counts in the present second. When the second ends, or is read, its counts move to the open step of every
 * ring: no step is rolled up later, and a window always includes the present.
 *
 * Seconds are seconds since 1970, and never decrease from one call to the next.
 */
export class StepRings {
  readonly width: number;
  readonly #rings: Readonly<Record<WindowName, Ring>>;
  readonly #list: readonly Ring[];
  readonly #merge: Merge;
  /** Counts of the present second that no ring has yet. One kind of array keeps `add` fast. */
  readonly #counts: Float64Array;
  #isCounted = false;
  #second = -1;

  constructor(
    width: number,
    steps: Steps = windowSteps,
    cells: (length: number, seconds: number) => Cells = exactCells,
    merge: Merge = addCounts,
  ) {
    this.width = width;
    this.#merge = merge;
    this.#counts = new Float64Array(width);
    const ringOf = (name: WindowName): Ring => {
      const { steps: count, seconds } = steps[name];
      return { steps: count, seconds, cells: cells(count * width, seconds), open: 0, offset: 0 };
    };
    this.#rings = { '1m': ringOf('1m'), '5m': ringOf('5m'), '1h': ringOf('1h'), '24h': ringOf('24h') };
    this.#list = windowNames.map((name) => this.#rings[name]);
  }

  /** Adds `amount` to a cell of the open steps. */
  add(second: number, cell: number, amount: number): void {
    if (second !== this.#second) this.#advance(second);
    this.#isCounted = true;
    this.#counts[cell] = (this.#counts[cell] as number) + amount;
  }

  /** Calls `work` with the cells of every step of a window, oldest first, from `offset`. */
  eachStep(window: WindowName, second: number, work: (cells: Cells, offset: number) => void): void {
    this.#advance(second);
    const { cells, steps, open } = this.#rings[window];
    for (let step = open - steps + 1; step <= open; step++) work(cells, (step % steps) * this.width);
  }

  /** The sum of each cell in a window. */
  sums(window: WindowName, second: number): number[] {
    const sums = new Array<number>(this.width).fill(0);
    this.eachStep(window, second, (cells, offset) => {
      for (let cell = 0; cell < this.width; cell++) {
        sums[cell] = (sums[cell] as number) + (cells[offset + cell] as number);
      }
    });
    return sums;
  }

  /** One cell by step, oldest first. */
  series(window: WindowName, second: number, cell: number): number[] {
    const series: number[] = [];
    this.eachStep(window, second, (cells, offset) => series.push(cells[offset + cell] as number));
    return series;
  }

  /** Moves all counts of another series of the same steps and width here. */
  moveFrom(other: StepRings, second: number): void {
    this.#advance(second);
    other.#advance(second);
    for (const window of windowNames) {
      const [to, from] = [this.#rings[window].cells, other.#rings[window].cells];
      for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + (from[i] as number);
    }
    other.clear();
  }

  clear(): void {
    this.#isCounted = false;
    this.#counts.fill(0);
    for (const { cells } of this.#list) cells.fill(0);
  }

  /** Bytes of the cells. */
  get bytes(): number {
    return this.#list.reduce((sum, { cells }) => sum + cells.byteLength, this.#counts.byteLength);
  }

  #flush(): void {
    for (const { cells, offset } of this.#list) this.#merge(cells, offset, this.#counts);
    this.#counts.fill(0);
    this.#isCounted = false;
  }

  /** Opens the steps of `second`, and empties the cells of the steps between. */
  #advance(second: number): void {
    if (this.#isCounted) this.#flush();
    if (second === this.#second) return;
    this.#second = second;
    for (const ring of this.#list) {
      const { steps, seconds, cells } = ring;
      const open = Math.floor(second / seconds);
      const emptied = Math.min(open - ring.open, steps);
      for (let step = open - emptied + 1; step <= open; step++) {
        const offset = (step % steps) * this.width;
        cells.fill(0, offset, offset + this.width);
      }
      ring.open = open;
      ring.offset = (open % steps) * this.width;
    }
  }
}
