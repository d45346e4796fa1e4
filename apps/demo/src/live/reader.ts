/** The source of a value. */
export type Source = 'memory' | 'redis' | 'database' | 'stale';

export interface Answer {
  /** Cents. */
  readonly price: number;
  readonly source: Source;
}

/** A strategy for reading the price in one instance. */
export interface Reader {
  read(): Promise<Answer>;
  /** Expires the held value, as its ttl would. */
  expire(): Promise<void>;
  /** Called after this instance changed the price. */
  changed(): Promise<void>;
}
