import { durationMs } from '../base/duration.js';
import { Deadlines } from '../tiers/redis/deadlines.js';
import { memoryEngine } from './memory-assembly.js';
import { baseAdvanced } from './contract/advanced-options.js';
import type { RedisCacheOptions } from './contract/cache-options.js';
import { defaultRedisOptions } from './contract/default-options.js';
import { assertRedisCacheOptions } from './contract/option-checks.js';
import { redisEngine } from './redis-assembly.js';
import { engineOf, TieredCache } from './tiered-cache.js';

/**
 * A two-tier cache: an in-process L1 (unless `enableL1Cache` is false), and Redis as a shared L2.
 *
 * Usable at once: the cache connects on first use, and continues with its L1 while Redis is unavailable. You must close
 * the caches you create.
 *
 * ```ts
 * const cache = new RedisCache({ redisUrl: 'redis://127.0.0.1:6379', defaultTtl: 3600 });
 * ```
 *
 * @throws ValidationError with every invalid option
 */
export class RedisCache extends TieredCache {
  readonly #connectTimeoutMs: number;

  constructor(options: RedisCacheOptions) {
    assertRedisCacheOptions(options);
    const connectTimeoutMs = durationMs(
      options.connectTimeout ?? defaultRedisOptions.connectTimeout,
      'connectTimeout',
    );
    super(
      options.enabled === false ? memoryEngine(memoryPart(options)) : redisEngine(options, connectTimeoutMs),
    );
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /**
   * Connects to Redis and synchronizes with its clock. Optional: without it the cache connects on first use.
   *
   * @throws InfrastructureError 'Redis connection failed …' if that takes longer than `connectTimeout`
   */
  async connect(): Promise<void> {
    const { l2 } = engineOf(this);
    await l2?.link.connect(this.#connectTimeoutMs);
    if (l2?.clock.isKnown !== false) return;
    const deadlines = new Deadlines(this.#connectTimeoutMs);
    // If Redis does not answer, the first read asks again.
    await deadlines.within(l2.clock.learn(), 'TIME').catch(() => undefined);
    deadlines.close();
  }
}

/** A disabled cache needs no connection. */
function memoryPart(options: RedisCacheOptions): Parameters<typeof memoryEngine>[0] {
  const { name, defaultTtl, isolation, plain, types, advanced } = options;
  const { monitor, onOperation, logger, l1CacheSize } = options;
  return {
    name,
    defaultTtl,
    isolation,
    plain,
    types,
    monitor,
    onOperation,
    logger,
    advanced: baseAdvanced(advanced),
    maxSize: l1CacheSize,
    enabled: false,
  };
}
