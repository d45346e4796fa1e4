import { baseAdvanced } from '../cache/contract/advanced-options.js';
import type { BaseCacheOptions, RedisCacheOptions } from '../cache/contract/cache-options.js';
import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { CacheLogger } from '../cache/contract/logger.js';
import { harmless } from '../cache/observe/logger.js';
import { memoryFallback } from '../cache/memory-fallback.js';
import type { CacheMonitor } from '../cache/contract/monitor.js';
import { baseChecks, redisChecks } from '../cache/contract/option-checks.js';
import { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';
import { InfrastructureError } from '../base/errors.js';
import { CachePerformanceMonitor } from '../monitoring/performance-monitor.js';
import { bothMonitors } from './both-monitors.js';
import { misspeltWords, type Environment } from './misspelt-variables.js';
import {
  aiAppOptionSet,
  aiConfigOptionSet,
  configOptionSet,
  memoryEntries,
  testingOptionSet,
  webAppOptionSet,
  type AiAppCacheOptions,
  type CacheConfig,
  type CommonCacheOptions,
  type TestingCacheOptions,
  type WebAppCacheOptions,
} from './options.js';
import type { Recipe, Resolved } from './resolve.js';
import { resolveOptions } from './resolve.js';

export interface CacheFactoryOptions {
  /** Default: one of the factory's own. */
  readonly monitor?: CachePerformanceMonitor | undefined;
  /** Where environment variables come from. Default: `process.env`. */
  readonly env?: Environment | undefined;
  /** Logger of caches whose options name none: told when Redis is lost and restored. Default: `console`. */
  readonly logger?: CacheLogger | undefined;
}

/** A cache before its first connection. */
export interface PreparedCache {
  readonly cache: Cache;
  /** The options in effect: code, environment, preset and defaults merged. */
  readonly options: Readonly<
    CommonCacheOptions & Pick<AiAppCacheOptions, 'operationTtls' | 'textHashThreshold'>
  >;
  /** Where its entries live, in words. */
  readonly home: string;
  /** The source of each option's value: `'code'`, `'default'`, an environment variable or a preset. */
  readonly sources: Readonly<Record<string, string>>;
  /** A line for each environment variable that looks like one of the library's and is not read. */
  readonly warnings: readonly string[];
  /** The monitor that the cache reports to; undefined when monitoring is off. */
  readonly monitor: CacheMonitor | undefined;
  /** False: the environment has turned off monitoring, or the publication of instances. */
  readonly mayPublish: boolean;
  /** True with `failOnConnectionError`: an application does not start without Redis. */
  readonly required: boolean;
  /** Resolves when Redis is connected, at once for a cache in memory; rejects with `InfrastructureError`. */
  connect(): Promise<void>;
}

const recipes = {
  forWebApp: { subject: 'forWebApp', set: webAppOptionSet, home: 'memory' },
  forAiApp: { subject: 'forAiApp', set: aiAppOptionSet, home: 'memory' },
  forTesting: { subject: 'forTesting', set: testingOptionSet, test: true, home: 'memory' },
  createCacheFromConfig: {
    subject: 'createCacheFromConfig',
    set: configOptionSet,
    preset: true,
    memoryEntries,
  },
  create: { subject: 'create', set: configOptionSet, preset: true, home: 'memory', memoryEntries },
  createAi: { subject: 'createAi', set: aiConfigOptionSet, preset: true, home: 'memory' },
} as const satisfies Record<string, Recipe<CommonCacheOptions>>;

/**
 * Makes caches from options, the environment and presets. A cache lives in memory unless a Redis is named. When the
 * promise resolves, a cache in Redis is connected; if Redis is unavailable, the cache has started in memory, and moves
 * to Redis by itself.
 *
 * Every method rejects with `ValidationError` on wrong options or environment variables, before any connection. It
 * rejects with `InfrastructureError` if Redis is unavailable and `failOnConnectionError` is true.
 */
export class CacheFactory {
  /** Every cache that this factory makes reports here, unless `CACHE_MONITORING_ENABLED` is false. */
  readonly monitor: CachePerformanceMonitor;
  readonly #env: Environment | undefined;
  readonly #logger: CacheLogger;
  readonly #warned = new Set<string>();

  constructor(options: CacheFactoryOptions = {}) {
    this.monitor = options.monitor ?? new CachePerformanceMonitor();
    this.#env = options.env;
    this.#logger = options.logger ?? console;
  }

  /** For web applications: 1800 s, 200 entries in memory, compression above 2000 bytes. */
  async forWebApp(options: WebAppCacheOptions = {}): Promise<Cache> {
    return this.#make(recipes.forWebApp, options);
  }

  /** For AI responses: 3600 s, 200 entries in memory, compression above 1000 bytes. See {@link aiSettings}. */
  async forAiApp(options: AiAppCacheOptions = {}): Promise<Cache> {
    return this.#make(recipes.forAiApp, options);
  }

  /** For tests: 60 s, 50 entries in memory; on Redis, in the database that `REDIS_TEST_DB` names. */
  async forTesting(options: TestingCacheOptions = {}): Promise<Cache> {
    return this.#make(recipes.forTesting, options);
  }

  /** By configuration and preset, one of which must say where the cache lives: else `redisUrl is required`. */
  async createCacheFromConfig(config: CacheConfig): Promise<Cache> {
    return this.#make(recipes.createCacheFromConfig, config);
  }

  /** Like {@link createCacheFromConfig}, but in memory unless a Redis is named. `CacheInfraModule` uses it. */
  async create(config: CacheConfig = {}): Promise<Cache> {
    return this.#make(recipes.create, config);
  }

  /**
   * A cache that opens nothing before its first use or `connect()`: a Nest application starts in two steps. If Redis is
   * unavailable, the cache is the same `RedisCache`, which retries by itself. `forTesting` ignores `REDIS_URL` unless
   * `REDIS_TEST_DB` is set: a test runs where the application has its variables, too.
   *
   * @throws ValidationError
   */
  prepare(way: keyof typeof recipes, options: CommonCacheOptions): PreparedCache {
    const recipe = way === 'forTesting' ? { ...recipes.forTesting, sparesApplication: true } : recipes[way];
    const { cache, options: resolved, ...rest } = this.#build(recipe, options);
    return {
      cache,
      ...rest,
      options: resolved,
      required: resolved.failOnConnectionError === true,
      connect: async () => (cache instanceof RedisCache ? cache.connect() : undefined),
    };
  }

  async #make<T extends CommonCacheOptions>(recipe: Recipe<T>, given: T): Promise<Cache> {
    const { cache, options } = this.#build(recipe, given);
    if (!(cache instanceof RedisCache)) return cache;
    try {
      await cache.connect();
      return cache;
    } catch (error) {
      if (options.failOnConnectionError === true || !(error instanceof InfrastructureError)) {
        await cache.close();
        throw error;
      }
      // The cache has warned its logger.
      return memoryFallback(cache);
    }
  }

  #build<T extends CommonCacheOptions>(recipe: Recipe<T>, given: T): Built {
    const resolved = resolveOptions(recipe, given, this.#env);
    const { options, home } = resolved;
    const base = this.#baseOptions(resolved);
    const warnings = resolved.misspelt.map(misspeltWords);
    this.#warnOnce(warnings, base.logger);
    const maxSize = entriesInMemory(options);
    const advanced = baseAdvanced(options.advanced);
    const cache =
      home === 'memory'
        ? new InMemoryCache({ ...base, advanced, maxSize, maxBytes: options.l1MaxBytes })
        : redisCache(options, base, maxSize);
    const { sources, monitoring, fleet } = resolved;
    const mayPublish = monitoring && fleet;
    return {
      cache,
      options,
      home: homeOf(cache, options),
      monitor: base.monitor,
      mayPublish,
      sources,
      warnings,
    };
  }

  /** Warns of each variable once: an application has several caches and one environment. */
  #warnOnce(warnings: readonly string[], logger: CacheLogger | undefined): void {
    for (const words of warnings) {
      if (this.#warned.has(words)) continue;
      this.#warned.add(words);
      if (logger !== undefined) harmless(logger).warn(words);
    }
  }

  #baseOptions({ options, monitoring }: Resolved<CommonCacheOptions>): BaseCacheOptions {
    const monitor: CacheMonitor | undefined = monitoring
      ? bothMonitors(this.monitor, options.monitor)
      : options.monitor;
    const logger = options.logger ?? this.#logger;
    return { ...pick(options, baseNames), monitor, logger };
  }
}

interface Built {
  readonly cache: InMemoryCache | RedisCache;
  readonly options: CommonCacheOptions;
  readonly home: string;
  readonly monitor: CacheMonitor | undefined;
  readonly mayPublish: boolean;
  readonly sources: Resolved<CommonCacheOptions>['sources'];
  readonly warnings: readonly string[];
}

/** Where the entries of a cache live, in words. */
function homeOf(cache: InMemoryCache | RedisCache, options: CommonCacheOptions): string {
  if (options.enabled === false) return 'disabled';
  const { l2 } = engineOf(cache);
  if (l2 !== undefined) return `in Redis (${l2.link.address}), prefix '${String(options.keyPrefix)}'`;
  if (options.useMemoryCache === true) return 'in memory';
  return 'in the memory of this process; redisUrl, redis or REDIS_URL would share it';
}

const baseNames = Object.keys(baseChecks) as readonly (keyof BaseCacheOptions)[];
const redisNames = Object.keys(redisChecks) as readonly (keyof RedisCacheOptions)[];

function redisCache(options: CommonCacheOptions, base: BaseCacheOptions, l1CacheSize: number): RedisCache {
  return new RedisCache({ ...pick(options, redisNames), ...base, l1CacheSize });
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}

function entriesInMemory(options: CommonCacheOptions & { memoryCacheSize?: number | undefined }): number {
  return options.memoryCacheSize ?? options.l1CacheSize ?? 100;
}
