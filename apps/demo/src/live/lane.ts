import type { PriceDatabase } from './price-database.js';
import type { Reader, Source } from './reader.js';
import { Tally, type Counts } from './tally.js';

/** One read, as the page shows it; or many that began at the same moment. */
export interface Reading {
  readonly source: Source | 'error';
  /** The price in cents; undefined if the caller received an error. */
  readonly price?: number | undefined;
  /** True if the price had changed before the read returned. */
  readonly isOld: boolean;
  /** The caller's waiting time, in milliseconds; of many the longest. */
  readonly ms: number;
  /** The callers that began at this moment. */
  readonly callers: number;
  /** Increases by one with each reading of a lane. */
  readonly number: number;
}

export interface LaneReport {
  readonly counts: Counts;
  /** Oldest first. */
  readonly recent: readonly Reading[];
}

const shown = 48;

/** The reads of one instance with one strategy, and their counters. */
export class Lane {
  #reader: Reader;
  #total = new Tally();
  #experiment = new Tally();
  #recent: Reading[] = [];
  #number = 0;

  constructor(
    reader: (onQuery: () => void) => Reader,
    private readonly database: PriceDatabase,
  ) {
    this.#reader = reader(() => {
      this.#total.query();
      this.#experiment.query();
    });
  }

  get reader(): Reader {
    return this.#reader;
  }

  /** The counts since `beginExperiment`. */
  get experiment(): Counts {
    return this.#experiment.counts;
  }

  /** Never rejects. */
  async read(): Promise<void> {
    this.#show(await this.#measure(), 1);
  }

  /** Many callers at the same moment: one reading. Never rejects. */
  async readBy(callers: number): Promise<void> {
    const all = await Promise.all(Array.from({ length: callers }, () => this.#measure()));
    const slowest = all.reduce((one, other) => (other.ms > one.ms ? other : one));
    this.#show(all.find(({ source }) => source === 'database') ?? slowest, callers);
  }

  beginExperiment(): void {
    this.#experiment = new Tally();
  }

  startOver(): void {
    this.#total = new Tally();
    this.#experiment = new Tally();
    this.#recent = [];
  }

  report(): LaneReport {
    return { counts: this.#total.counts, recent: this.#recent };
  }

  async #measure(): Promise<Omit<Reading, 'callers' | 'number'>> {
    const start = performance.now();
    const answer = await this.#reader.read().catch(() => undefined);
    const ms = Math.round((performance.now() - start) * 100) / 100;
    const isOld = answer !== undefined && answer.price !== this.database.price;
    for (const tally of [this.#total, this.#experiment]) tally.read({ answer, isOld, ms });
    return { source: answer?.source ?? 'error', price: answer?.price, isOld, ms };
  }

  #show(reading: Omit<Reading, 'callers' | 'number'>, callers: number): void {
    this.#number += 1;
    this.#recent = [...this.#recent, { ...reading, callers, number: this.#number }].slice(-shown);
  }
}
