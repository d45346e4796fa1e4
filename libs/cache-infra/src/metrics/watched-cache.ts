import type { Cache } from '../cache/contract/cache.js';
import type { CacheHealth } from '../cache/contract/health.js';
import { countedEvents, type ScrapedCache } from './cache-metrics.js';

/** Counts the rare events of a cache from now on. A hit emits none of them. */
export class WatchedCache {
  readonly cache: Cache & { health?: () => Promise<CacheHealth> };
  readonly #counts = {
    degraded: 0,
    recovered: 0,
    breakerOpen: 0,
    coherenceLost: 0,
    coherenceRestored: 0,
    journalOverflow: 0,
  };
  readonly #listeners = countedEvents.map((event) => ({
    event,
    listener: (): void => {
      this.#counts[event]++;
    },
  }));

  constructor(cache: Cache) {
    this.cache = cache;
    for (const { event, listener } of this.#listeners) cache.on(event, listener);
  }

  stop(): void {
    for (const { event, listener } of this.#listeners) this.cache.off(event, listener);
  }

  async scraped(): Promise<ScrapedCache> {
    // A cache that fails to tell its health still has counters.
    const health = await this.cache.health?.().catch(() => undefined);
    return { stats: this.cache.stats(), health, events: { ...this.#counts } };
  }
}
