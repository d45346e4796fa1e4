import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';

import type { AiCacheSettings } from '../ai/index.js';
import type { AiCacheConfig, CacheConfig, TestingCacheOptions } from '../config/options.js';

interface Visibility {
  /** False: only modules that import this one see the cache. Default true. */
  isGlobal?: boolean | undefined;
}

/** Options of a cache, and who sees it. */
export type CacheInfraModuleOptions = CacheConfig & Visibility;

/** Options of a cache for AI responses, and who sees it. */
export type CacheInfraAiOptions = AiCacheConfig & AnswerOptions & Visibility;

/** What the {@link AiCacheService} takes beside the options of its cache. */
export type AnswerOptions = Pick<AiCacheSettings, 'prices' | 'maxTtl' | 'jitter' | 'completeFinishReasons'>;

/** Options of a cache for tests, and who sees it. */
export type CacheInfraTestingOptions = TestingCacheOptions & Visibility;

/** A provider that makes the options: for `useClass` and `useExisting`. */
export interface CacheInfraOptionsFactory<O = CacheConfig> {
  createCacheOptions(): O | Promise<O>;
}

/** Options that come from other providers. One of `useFactory`, `useClass` and `useExisting`. */
export interface CacheInfraAsyncOptions<O = CacheConfig> extends Visibility {
  /** The name of the cache. It stands here, because tokens are known before any provider is made. */
  name?: string | undefined;
  imports?: ModuleMetadata['imports'] | undefined;
  inject?: FactoryProvider['inject'] | undefined;
  useFactory?: ((...args: never[]) => O | Promise<O>) | undefined;
  useClass?: Type<CacheInfraOptionsFactory<O>> | undefined;
  useExisting?: Type<CacheInfraOptionsFactory<O>> | undefined;
}
