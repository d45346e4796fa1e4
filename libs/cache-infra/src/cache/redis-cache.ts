import { durationMs } from '../base/duration.js';
import { Deadlines } from '../tiers/redis/deadlines.js';
import { memoryEngine } from './memory-assembly.js';
import type { RedisCacheOptions } from './contract/cache-options.js';
import { defaultRedisOptions } from './contract/default-options.js';
import { assertRedisCacheOptions } from './contract/option-checks.js';
import { redisEngine } from './redis-assembly.js';
import { engineOf, TieredCache } from './tiered-cache.js';

/**
 * A cache in Redis, with an L1 in this process before it unless `enableL1Cache` is false.
 *
 * Usable at once: it connects by itself at the first need, and goes on without Redis when Redis is away.
 *
 * ```ts
 * const cache = new RedisCache({ redisUrl: 'redis://127.0.0.1:6379', defaultTtl: 3600 });
 * ```
 *
 * @throws ValidationError that lists every bad option
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
   * Resolves when Redis is connected and, if it answers, its time is known, by which entries live.
   *
   * @throws InfrastructureError 'Redis connection failed …' when that takes longer than `connectTimeout`
   */
  async connect(): Promise<void> {
    const { l2 } = engineOf(this);
    await l2?.link.connect(this.#connectTimeoutMs);
    if (l2?.clock.isKnown !== false) return;
    const rest = new Deadlines(this.#connectTimeoutMs);
    // Where it does not answer, who reads first asks again.
    await rest.within(l2.clock.learn(), 'TIME').catch(() => undefined);
    rest.close();
  }
}

/** A disabled cache needs no connection. */
function memoryPart(options: RedisCacheOptions): Parameters<typeof memoryEngine>[0] {
  const { name, defaultTtl, isolation, plain, types, maxValueNodes } = options;
  const { monitor, onOperation, logger, clock, l1CacheSize } = options;
  return {
    name,
    defaultTtl,
    isolation,
    plain,
    types,
    maxValueNodes,
    monitor,
    onOperation,
    logger,
    clock,
    maxSize: l1CacheSize,
    enabled: false,
  };
}
