/** The table of prices, with one lamp, as a transaction of an ORM sees it, or a connection outside of one. */
export interface Prices {
  /** The amount of the lamp. */
  read(): Promise<number>;
  write(amount: number): Promise<void>;
  /** A transaction, or a savepoint inside of one: commits when `work` resolves, rolls back when it rejects. */
  transaction(work: (prices: Prices) => Promise<void>): Promise<void>;
}

/** A database in memory with one connection, behind an ORM. The lamp costs 10. */
export interface Orm extends Prices {
  close(): Promise<void>;
}
