import type { Cache } from 'nestjs-cache-infra';
import type { Price, PriceDatabase } from './price-database.js';
import { ttlMs, type Answer, type Reader, type Source } from './reader.js';

const key = 'price:desk-lamp';

/** Reads the price through a cache of this library. */
export class CachedReader implements Reader {
  /** Fresh values found in Redis so far. */
  #redisHits = 0;
  /** Fresh values found so far, in either tier. */
  #hits = 0;

  constructor(
    private readonly cache: Cache,
    private readonly database: PriceDatabase,
    private readonly onQuery: () => void,
  ) {
    cache.on('hit', ({ tier }) => {
      this.#hits += 1;
      if (tier === 'l2') this.#redisHits += 1;
    });
  }

  async read(): Promise<Answer> {
    const before = { at: performance.now(), hits: this.#hits, redisHits: this.#redisHits };
    let isLoaded = false;
    const price = await this.cache.getOrSet<Price>(
      key,
      async ({ signal }) => {
        this.onQuery();
        const loaded = await this.database.query(signal);
        isLoaded = true;
        return loaded;
      },
      { ttl: ttlMs / 1000, grace: '1h', softTimeout: '300ms', hardTimeout: '4s', lock: true },
    );
    return { price: price.cents, source: isLoaded ? 'database' : this.#source(price, before) };
  }

  async expire(): Promise<void> {
    if ((await this.cache.ttl(key)) !== undefined) await this.cache.markStale(key);
  }

  async changed(): Promise<void> {
    await this.cache.delete(key);
  }

  #source({ readAt }: Price, before: { at: number; hits: number; redisHits: number }): Source {
    if (readAt >= before.at) return 'shared';
    if (this.#redisHits > before.redisHits) return 'redis';
    return this.#hits > before.hits ? 'memory' : 'stale';
  }
}
