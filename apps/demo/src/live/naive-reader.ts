import type { PriceDatabase } from './price-database.js';
import type { Answer, Reader } from './reader.js';

/** The ttl in milliseconds, equal to the ttl of the cache. */
const ttl = 5000;

/** A naive cache, as many applications start with: a `Map` with expiry times. */
export class NaiveReader implements Reader {
  readonly #entries = new Map<string, { price: number; expiresAt: number }>();

  constructor(
    private readonly database: PriceDatabase,
    private readonly onQuery: () => void,
  ) {}

  async read(): Promise<Answer> {
    const entry = this.#entries.get('desk-lamp');
    if (entry !== undefined && Date.now() < entry.expiresAt) return { price: entry.price, source: 'memory' };
    this.onQuery();
    const price = await this.database.query();
    this.#entries.set('desk-lamp', { price, expiresAt: Date.now() + ttl });
    return { price, source: 'database' };
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
