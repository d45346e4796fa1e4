import type { BaseCacheOptions, RedisCacheOptions } from '../cache/contract/cache-options.js';
import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { CacheLogger } from '../cache/contract/logger.js';
import { harmless } from '../cache/observe/logger.js';
import { memoryFallback } from '../cache/memory-fallback.js';
import type { CacheMonitor } from '../cache/contract/monitor.js';
import { baseChecks, redisChecks } from '../cache/contract/option-checks.js';
import { RedisCache } from '../cache/redis-cache.js';
import { InfrastructureError } from '../base/errors.js';
import { CachePerformanceMonitor } from '../monitoring/performance-monitor.js';
import type { Environment } from './environment.js';
import { bothMonitors } from './both-monitors.js';
import { misspeltWords } from './misspelt-variables.js';
import {
  AiAppCacheOptions,
  AiCacheConfig,
  CacheConfig,
  TestingCacheOptions,
  WebAppCacheOptions,
} from './options.js';
import type { CommonCacheOptions } from './options.js';
import type { Recipe, Resolved } from './resolve.js';
import { resolveOptions } from './resolve.js';

export interface CacheFactoryOptions {
  /** Default: one of the factory's own. */
  readonly monitor?: CachePerformanceMonitor | undefined;
  /** Where environment variables come from. Default: `process.env`. */
  readonly env?: Environment | undefined;
  /** For caches that bring none of their own: told when Redis goes away and comes back. Default: `console`. */
  readonly logger?: CacheLogger | undefined;
}

/** A cache that has not connected yet. */
export interface PreparedCache {
  readonly cache: Cache;
  /** After environment, preset and defaults. */
  readonly options: Readonly<
    CommonCacheOptions & Pick<AiAppCacheOptions, 'operationTtls' | 'textHashThreshold'>
  >;
  /** Where the value of each option is from: `'code'`, `'default'`, an environment variable or a preset. */
  readonly sources: Readonly<Record<string, string>>;
  /** Environment variables that look like one of the library's and are not read, in words. */
  readonly warnings: readonly string[];
  /** Who watches it; undefined when monitoring is off. */
  readonly monitor: CacheMonitor | undefined;
  /** True with `failOnConnectionError`: without Redis the cache is of no use. */
  readonly required: boolean;
  /** Resolves when Redis is connected, at once when there is none to connect to; rejects with `InfrastructureError`. */
  connect(): Promise<void>;
}

/** Entries where memory is all there is: an L1 before Redis needs fewer. */
const memoryEntries = 10_000;

const recipes = {
  forWebApp: { subject: 'forWebApp', type: WebAppCacheOptions, home: 'memory' },
  forAiApp: { subject: 'forAiApp', type: AiAppCacheOptions, home: 'memory' },
  forTesting: { subject: 'forTesting', type: TestingCacheOptions, test: true, home: 'memory' },
  createCacheFromConfig: { subject: 'createCacheFromConfig', type: CacheConfig, preset: true, memoryEntries },
  create: { subject: 'create', type: CacheConfig, preset: true, home: 'memory', memoryEntries },
  createAi: { subject: 'createAi', type: AiCacheConfig, preset: true, home: 'memory' },
} as const satisfies Record<string, Recipe<CommonCacheOptions>>;

/**
 * Makes caches from options, the environment and presets. Without an address of Redis they live in memory; with one, they
 * are connected when the promise resolves, or have started in memory and move to Redis by themselves as soon as
 * it answers (`failOnConnectionError: true` rejects instead).
 *
 * Every method rejects with `ValidationError`, before any connection is tried, when options or environment
 * variables are wrong, and with `InfrastructureError` when Redis cannot be reached and must be.
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

  /** By configuration and preset. Something has to say where the cache lives: otherwise `redisUrl is required`. */
  async createCacheFromConfig(config: CacheConfig): Promise<Cache> {
    return this.#make(recipes.createCacheFromConfig, config);
  }

  /** Like {@link createCacheFromConfig}, but in memory when nothing says otherwise. What `CacheInfraModule` uses. */
  async create(config: CacheConfig = {}): Promise<Cache> {
    return this.#make(recipes.create, config);
  }

  /**
   * A cache that opens nothing before its first use or `connect()`. For whoever starts up in two steps, as a Nest
   * application does: with Redis away it is the same `RedisCache`, which goes on trying.
   *
   * @throws ValidationError
   */
  prepare(way: keyof typeof recipes, options: CommonCacheOptions): PreparedCache {
    const { cache, options: resolved, monitor, sources, warnings } = this.#build(recipes[way], options);
    return {
      cache,
      sources,
      warnings,
      options: resolved,
      monitor,
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
      // The cache itself has told its logger.
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
    const cache =
      home === 'memory' ? new InMemoryCache({ ...base, maxSize }) : redisCache(options, base, maxSize);
    return { cache, options, monitor: base.monitor, sources: resolved.sources, warnings };
  }

  /** An application has several caches and one environment. */
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
  readonly monitor: CacheMonitor | undefined;
  readonly sources: Resolved<CommonCacheOptions>['sources'];
  readonly warnings: readonly string[];
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
