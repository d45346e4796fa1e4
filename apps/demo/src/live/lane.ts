import type { PriceDatabase } from './price-database.js';
import type { Reader, Source } from './reader.js';

/** One read, as the page shows it. */
export interface Reading {
  readonly source: Source | 'error';
  /** The price in cents; undefined if the caller received an error. */
  readonly price?: number | undefined;
  /** True if the price had changed before the read returned. */
  readonly isOld: boolean;
  /** The caller's waiting time, in milliseconds. */
  readonly ms: number;
}

export interface LaneReport {
  readonly reads: number;
  readonly queries: number;
  readonly errors: number;
  readonly old: number;
  /** Milliseconds. */
  readonly slowest: number;
  /** Oldest first. */
  readonly recent: readonly Reading[];
}

const shown = 60;

/** The reads of one instance with one strategy, and their counters. */
export class Lane {
  queries = 0;
  #reads = 0;
  #errors = 0;
  #old = 0;
  #slowest = 0;
  #recent: Reading[] = [];

  constructor(
    readonly reader: Reader,
    private readonly database: PriceDatabase,
  ) {}

  /** Never rejects. */
  async read(): Promise<Reading> {
    const start = performance.now();
    const answer = await this.reader.read().catch(() => undefined);
    const ms = performance.now() - start;
    const isOld = answer !== undefined && answer.price !== this.database.price;
    const reading: Reading = { source: answer?.source ?? 'error', price: answer?.price, isOld, ms };
    this.#count(reading);
    return reading;
  }

  report(): LaneReport {
    return {
      reads: this.#reads,
      queries: this.queries,
      errors: this.#errors,
      old: this.#old,
      slowest: Math.round(this.#slowest),
      recent: this.#recent,
    };
  }

  #count(reading: Reading): void {
    this.#reads += 1;
    if (reading.source === 'error') this.#errors += 1;
    if (reading.isOld) this.#old += 1;
    this.#slowest = Math.max(this.#slowest, reading.ms);
    this.#recent = [...this.#recent, reading].slice(-shown);
  }
}
