import { setTimeout as wait } from 'node:timers/promises';

/** How the database is doing. */
export type DatabaseState = 'fine' | 'slow' | 'failing';

/** Milliseconds of a query. */
const queryTime = { fine: 150, slow: 3000, failing: 150 } as const satisfies Record<DatabaseState, number>;

/** A database with one price in it, which can be made slow and made to fail. */
export class PriceDatabase {
  state: DatabaseState = 'fine';
  #price = 3900;

  /** Cents; what is right at this moment. */
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
