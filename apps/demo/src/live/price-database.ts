import { setTimeout as wait } from 'node:timers/promises';

/** The state of the database. */
export type DatabaseState = 'fine' | 'slow' | 'failing';

/** A price as the database returned it. */
export interface Price {
  /** Cents. */
  readonly cents: number;
  /** When the query returned, in milliseconds of `performance.now()`. */
  readonly readAt: number;
}

/** The duration of a query, in milliseconds. */
const queryTime = { fine: 150, slow: 3000, failing: 150 } as const satisfies Record<DatabaseState, number>;

/** A database with one price, which can be slow or failing. */
export class PriceDatabase {
  state: DatabaseState = 'fine';
  #cents = 3900;

  /** The current price, in cents. */
  get price(): number {
    return this.#cents;
  }

  async query(signal?: AbortSignal): Promise<Price> {
    const { state } = this;
    await wait(queryTime[state], undefined, { signal });
    if (state === 'failing') throw new Error('The database does not answer');
    return { cents: this.#cents, readAt: performance.now() };
  }

  change(cents: number): void {
    this.#cents = cents;
  }
}
