/** Where an answer came from. */
export type Source = 'memory' | 'redis' | 'database' | 'stale';

export interface Answer {
  /** Cents. */
  readonly price: number;
  readonly source: Source;
}

/** A way to read the price, in one instance. */
export interface Reader {
  read(): Promise<Answer>;
  /** Ends the life of what it holds, as its ttl would. */
  expire(): Promise<void>;
  /** This instance has changed the price. */
  changed(): Promise<void>;
}
