import type { Cache } from 'nestjs-cache-infra';
import type { PriceDatabase } from './price-database.js';
import type { Answer, Reader } from './reader.js';

const key = 'price:desk-lamp';

/** Reads the price through a cache of this library. */
export class CachedReader implements Reader {
  #tier: 'l1' | 'l2' | undefined;

  constructor(
    private readonly cache: Cache,
    private readonly database: PriceDatabase,
    private readonly onQuery: () => void,
  ) {
    cache.on('hit', ({ tier }) => {
      this.#tier = tier;
    });
  }

  async read(): Promise<Answer> {
    this.#tier = undefined;
    let isLoaded = false;
    const price = await this.cache.getOrSet(
      key,
      async ({ signal }) => {
        this.onQuery();
        const loaded = await this.database.query(signal);
        isLoaded = true;
        return loaded;
      },
      { ttl: '5s', grace: '1h', softTimeout: '300ms', hardTimeout: '4s', lock: true },
    );
    if (isLoaded) return { price, source: 'database' };
    if (this.#tier === undefined) return { price, source: 'stale' };
    return { price, source: this.#tier === 'l1' ? 'memory' : 'redis' };
  }

  async expire(): Promise<void> {
    if ((await this.cache.ttl(key)) !== undefined) await this.cache.expire(key);
  }

  async changed(): Promise<void> {
    await this.cache.delete(key);
  }
}
