import { ValidationError } from '../base/errors.js';
import { assertOptions, oneOf, positiveInteger } from '../base/checks.js';
import { describeValue } from '../base/redact.js';
import { isCache, type Cache } from '../cache/contract/cache.js';
import type { TieredCache } from '../cache/tiered-cache.js';
import type { HitCount, HitLimit } from '../tiers/remote-tier.js';
import { LocalHits } from './local-hits.js';

/** The answer to a hit, in the shape of the `ThrottlerStorageRecord` of `@nestjs/throttler`. Times are in seconds. */
export interface ThrottledHit {
  totalHits: number;
  /** Until the window ends. */
  timeToExpire: number;
  isBlocked: boolean;
  /** 0 = not blocked. */
  timeToBlockExpire: number;
}

export interface NestThrottlerStorageOptions {
  /**
   * The answer to a request that Redis could not count:
   *
   * - `'local'`, the default: this process counts it, from 0. An outage lets each client have its limit once more, on
   *   every instance.
   * - `'pass'`: the request passes.
   * - `'throw'`: the request fails with the `InfrastructureError`.
   */
  onError?: 'local' | 'pass' | 'throw' | undefined;
  /**
   * Most keys that this process counts, without Redis or with `onError: 'local'`. Default 10000, minimum 1. Beyond them
   * the key whose last hit is the oldest starts anew.
   */
  maxLocalKeys?: number | undefined;
}

const checks = {
  onError: oneOf('local', 'pass', 'throw'),
  maxLocalKeys: positiveInteger,
};

/**
 * A storage for the limits of `@nestjs/throttler` on the Redis connection of a cache: all instances share the limits.
 * In a cache without Redis this process counts, within a bounded memory.
 *
 * ```ts
 * ThrottlerModule.forRootAsync({
 *   inject: [Cache],
 *   useFactory: (cache: Cache) => ({
 *     throttlers: [{ ttl: seconds(60), limit: 100 }],
 *     storage: new NestThrottlerStorage(cache),
 *   }),
 * });
 * ```
 *
 * It has the shape of the package's `ThrottlerStorage` without importing it, and counts as the package's own storage: a
 * hit counts for the `ttl` after it (a sliding window). The hits stand under the prefix and namespace of the cache, and
 * `clear()` leaves them alone.
 *
 * @throws ValidationError if `cache` is no cache, or an option is invalid
 */
export class NestThrottlerStorage {
  readonly #cache: Cache & Partial<Pick<TieredCache, 'countHit'>>;
  readonly #onError: 'local' | 'pass' | 'throw';
  readonly #local: LocalHits;

  constructor(cache: Cache, options: NestThrottlerStorageOptions = {}) {
    if (!isCache(cache))
      throw new ValidationError(`NestThrottlerStorage needs a Cache, got ${describeValue(cache)}`);
    assertOptions('NestThrottlerStorage', options, checks);
    this.#cache = cache;
    this.#onError = options.onError ?? 'local';
    this.#local = new LocalHits(options.maxLocalKeys ?? 10_000);
  }

  /**
   * Called by the guard for each request. `ttl` and `blockDuration` in milliseconds.
   *
   * @throws InfrastructureError when Redis fails, only with `onError: 'throw'`
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottledHit> {
    const bounds = { windowMs: ttl, limit, blockMs: blockDuration };
    return recordOf(await this.#count(key, throttlerName, bounds));
  }

  async #count(key: string, throttlerName: string, limit: HitLimit): Promise<HitCount> {
    try {
      const counting = this.#cache.countHit?.(throttlerName, key, limit);
      if (counting !== undefined) return await counting;
    } catch (error) {
      if (this.#onError === 'throw') throw error;
      if (this.#onError === 'pass')
        return { hits: 0, windowLeftMs: limit.windowMs, isBlocked: false, blockLeftMs: 0 };
    }
    return this.#local.count(JSON.stringify([throttlerName, key]), limit);
  }
}

function recordOf({ hits, windowLeftMs, isBlocked, blockLeftMs }: HitCount): ThrottledHit {
  return {
    totalHits: hits,
    timeToExpire: Math.ceil(windowLeftMs / 1000),
    isBlocked,
    timeToBlockExpire: Math.ceil(blockLeftMs / 1000),
  };
}
