import { setTimeout as wait } from 'node:timers/promises';

/** The state of the database. */
export type DatabaseState = 'fine' | 'slow' | 'failing';

/** The duration of a query, in milliseconds. */
const queryTime = { fine: 150, slow: 3000, failing: 150 } as const satisfies Record<DatabaseState, number>;

/** A database with one price, which can be slow or failing. */
export class PriceDatabase {
  state: DatabaseState = 'fine';
  #price = 3900;

  /** The current price, in cents. */
  get price(): number {
    return this.#price;
  }

  async query(signal?: AbortSignal): Promise<number> {
    const { state } = this;
    await wait(queryTime[state], undefined, { signal });
    if (state === 'failing') throw new Error('The database does not answer');
    return this.#price;
  }

  change(price: number): void {
    this.#price = price;
  }
}
