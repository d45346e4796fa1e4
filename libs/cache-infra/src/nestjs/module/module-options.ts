import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';

import type { AiCacheSettings } from '../../ai/index.js';
import type { AiCacheConfig, CacheConfig, TestingCacheOptions } from '../../config/options.js';
import type { CacheFacts } from '../registry/cache-facts.js';

interface Visibility {
  /** False: only modules that import this one see the cache. Default true. */
  isGlobal?: boolean | undefined;
}

/** What a module takes beside the options of its first cache. */
interface ModuleParts {
  /**
   * More caches, by name. Each has the options that stand beside `caches`, and its own over them; a `keyPrefix` that
   * stands there is continued by the name.
   */
  caches?: Readonly<Record<string, Omit<CacheConfig, 'name'>>> | undefined;
  /** What decorated methods may vary by: `{ tenant: ({ request }) => request?.headers['x-tenant'] }`. Of the whole application. */
  vary?: CacheFacts | undefined;
}

/** Options of a cache and of those beside it: what `useFactory` returns. */
export type CacheInfraConfig = CacheConfig & ModuleParts;

/** Options of a cache and of those beside it, and who sees them. */
export type CacheInfraModuleOptions = CacheInfraConfig & Visibility;

/** Where the namespace of a domain module is. */
export interface CacheInfraFeatureOptions {
  /** The name of the cache. Default: the default cache. */
  cache?: string | undefined;
  /** The modules that provide it, when it is not global. */
  imports?: ModuleMetadata['imports'] | undefined;
}

/** Options of a cache for AI responses, and who sees it. */
export type CacheInfraAiOptions = AiCacheConfig & AnswerOptions & Visibility;

/** What the {@link AiCacheService} takes beside the options of its cache. */
export type AnswerOptions = Pick<AiCacheSettings, 'prices' | 'maxTtl' | 'jitter' | 'completeFinishReasons'>;

/** Options of a cache for tests, and who sees it. */
export type CacheInfraTestingOptions = TestingCacheOptions & Visibility;

/** A provider that makes the options: for `useClass` and `useExisting`. */
export interface CacheInfraOptionsFactory<O = CacheInfraConfig> {
  createCacheOptions(): O | Promise<O>;
}

/** Options that come from other providers. One of `useFactory`, `useClass` and `useExisting`. */
export interface CacheInfraAsyncOptions<O = CacheInfraConfig> extends Visibility {
  /** The name of the cache. It stands here, because tokens are known before any provider is made. */
  name?: string | undefined;
  /** The names of the caches beside it, whose options `useFactory` returns under `caches`. */
  caches?: readonly string[] | undefined;
  imports?: ModuleMetadata['imports'] | undefined;
  inject?: FactoryProvider['inject'] | undefined;
  useFactory?: ((...args: never[]) => O | Promise<O>) | undefined;
  useClass?: Type<CacheInfraOptionsFactory<O>> | undefined;
  useExisting?: Type<CacheInfraOptionsFactory<O>> | undefined;
}
