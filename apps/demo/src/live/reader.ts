/** The source of a price. `shared`: the query of another caller; `stale`: past its ttl, within its grace. */
export type Source = 'memory' | 'redis' | 'database' | 'shared' | 'stale';

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

/** The ttl of both strategies, in milliseconds. */
export const ttlMs = 5000;
