import type { PriceDatabase } from './price-database.js';
import { ttlMs, type Answer, type Reader } from './reader.js';

const id = 'desk-lamp';

/** A naive cache, as many applications start with: a `Map` with expiry times. */
export class NaiveReader implements Reader {
  readonly #entries = new Map<string, { price: number; expiresAt: number }>();

  constructor(
    private readonly database: PriceDatabase,
    private readonly onQuery: () => void,
  ) {}

  async read(): Promise<Answer> {
    const entry = this.#entries.get(id);
    if (entry !== undefined && Date.now() < entry.expiresAt) return { price: entry.price, source: 'memory' };
    this.onQuery();
    const { cents } = await this.database.query();
    this.#entries.set(id, { price: cents, expiresAt: Date.now() + ttlMs });
    return { price: cents, source: 'database' };
  }

  async expire(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }

  async changed(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }
}
