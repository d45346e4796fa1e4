import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';

import type { AiCacheSettings } from '../../ai/index.js';
import type { FleetOptions } from '../../fleet/fleet-options.js';
import type { AiCacheConfig, CacheConfig, TestingCacheOptions } from '../../config/options.js';
import type { CacheFacts } from '../registry/cache-facts.js';
import type { EvictionTime } from '../registry/eviction-time.js';

interface Visibility {
  /** False: only modules that import this one can inject the cache. Default true. */
  isGlobal?: boolean | undefined;
}

/** The options of a module that are not options of its first cache. */
interface ModuleParts {
  /**
   * More caches, by name. Each inherits the options next to `caches` and overrides them with its own. An inherited
   * `keyPrefix` is extended by the name.
   */
  caches?: Readonly<Record<string, Omit<CacheConfig, 'name'>>> | undefined;
  /**
   * The facts that decorated methods may vary by: `{ tenant: ({ request }) => request?.headers['x-tenant'] }`. They
   * apply to the whole application.
   */
  vary?: CacheFacts | undefined;
  /**
   * The default of `when` for every `@CacheEvict` on these caches. `'commit'`: one warning is logged for each method
   * that evicts outside of `deferInvalidations`. `'now'`: evictions take effect at once, also in a scope.
   */
  evictions?: EvictionTime | undefined;
  /**
   * How this instance publishes itself in Redis every 5 s, for `npx nestjs-cache-infra top` and the dashboard. A
   * summary holds counts, latencies and health, and names hot keys; no values, no credentials. It applies to the whole
   * application; `false` in any module, `CACHE_FLEET=false` or `CACHE_MONITORING_ENABLED=false` turn it off. An
   * application without Redis publishes nothing.
   */
  fleet?: false | FleetOptions | undefined;
}

/** Options of a cache and its additional caches: the result of `useFactory`. */
export type CacheInfraConfig = CacheConfig & ModuleParts;

/** Options of a cache and its additional caches, and their visibility. */
export type CacheInfraModuleOptions = CacheInfraConfig & Visibility;

/** The cache of a domain module's namespace. */
export interface CacheInfraFeatureOptions {
  /** The name of the cache. Default: the default cache. */
  cache?: string | undefined;
  /** The modules that provide the cache, when it is not global. */
  imports?: ModuleMetadata['imports'] | undefined;
}

/** Options of a cache for AI responses, and its visibility. */
export type CacheInfraAiOptions = AiCacheConfig & AnswerOptions & Pick<ModuleParts, 'fleet'> & Visibility;

/** The options of {@link AiCacheService} that are not options of its cache. */
export type AnswerOptions = Pick<
  AiCacheSettings,
  | 'operations'
  | 'prices'
  | 'countTokens'
  | 'maxTtl'
  | 'jitter'
  | 'completeFinishReasons'
  | 'ignored'
  | 'maxRecordedBytes'
>;

/** Options of a cache for tests, and its visibility. */
export type CacheInfraTestingOptions = TestingCacheOptions & Visibility;

/** A provider that creates the options, for `useClass` and `useExisting`. */
export interface CacheInfraOptionsFactory<O = CacheInfraConfig> {
  createCacheOptions(): O | Promise<O>;
}

/** Options from other providers. Exactly one of `useFactory`, `useClass` and `useExisting` is required. */
export interface CacheInfraAsyncOptions<O = CacheInfraConfig> extends Visibility {
  /** The name of the cache. Injection tokens need the name before any provider is created. */
  name?: string | undefined;
  /** The names of the additional caches, whose options `useFactory` returns under `caches`. */
  caches?: readonly string[] | undefined;
  imports?: ModuleMetadata['imports'] | undefined;
  inject?: FactoryProvider['inject'] | undefined;
  useFactory?: ((...args: never[]) => O | Promise<O>) | undefined;
  useClass?: Type<CacheInfraOptionsFactory<O>> | undefined;
  useExisting?: Type<CacheInfraOptionsFactory<O>> | undefined;
}
