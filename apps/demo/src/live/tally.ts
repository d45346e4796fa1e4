import type { Answer } from './reader.js';

/** The counts of a way to read, over all its time or over one experiment. */
export interface Counts {
  readonly reads: number;
  /** Queries to the database. */
  readonly queries: number;
  /** Reads that ended with an error. */
  readonly errors: number;
  /** Reads that returned a price that had changed before. */
  readonly old: number;
  /** Reads that returned a value past its ttl, within its grace. */
  readonly stale: number;
  /** The longest wait of a caller, in milliseconds. */
  readonly slowest: number;
}

/** One read, as it is counted. */
export interface Outcome {
  /** Undefined: the caller received an error. */
  readonly answer: Answer | undefined;
  readonly isOld: boolean;
  readonly ms: number;
}

/** Counts reads and queries. */
export class Tally {
  #counts: Counts = nothing;

  get counts(): Counts {
    return this.#counts;
  }

  query(): void {
    this.#counts = { ...this.#counts, queries: this.#counts.queries + 1 };
  }

  read({ answer, isOld, ms }: Outcome): void {
    const { reads, queries, errors, old, stale, slowest } = this.#counts;
    this.#counts = {
      reads: reads + 1,
      queries,
      errors: errors + Number(answer === undefined),
      old: old + Number(isOld),
      stale: stale + Number(answer?.source === 'stale'),
      slowest: Math.max(slowest, Math.round(ms)),
    };
  }
}

const nothing: Counts = { reads: 0, queries: 0, errors: 0, old: 0, stale: 0, slowest: 0 };

/** The sum of the counts, with the longest wait of them all. */
export function sumOf(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, each) => ({
      reads: sum.reads + each.reads,
      queries: sum.queries + each.queries,
      errors: sum.errors + each.errors,
      old: sum.old + each.old,
      stale: sum.stale + each.stale,
      slowest: Math.max(sum.slowest, each.slowest),
    }),
    nothing,
  );
}
