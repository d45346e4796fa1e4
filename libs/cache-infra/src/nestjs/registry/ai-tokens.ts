import { Inject, type InjectionToken } from '@nestjs/common';

import { AiCacheService } from '../../ai/index.js';
import type { Cache } from '../../cache/contract/cache.js';
import { defaultCacheName } from './tokens.js';

/** The token of an AI cache: the class {@link AiCacheService} for the default one, a string for a named one. */
export function getAiCacheToken(name: string = defaultCacheName): InjectionToken<AiCacheService> {
  return name === defaultCacheName ? AiCacheService : `AiCacheService(${name})`;
}

/** Injects the {@link AiCacheService} of `CacheInfraModule.forAi({ name })`. */
export function InjectAiCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getAiCacheToken(name));
}

/** The cache of an unnamed `forAi()`, whichever name the cache gets. */
export const ownAiCacheToken: InjectionToken<Cache> = Symbol('CacheInfraModule.forAi');

/** The service of a `forAi({ name })` under a token that the alias of an unnamed `forAi()` does not have. */
export function namedAiToken(name: string): InjectionToken<AiCacheService> {
  return `CacheInfraModule.ai(${name})`;
}

/** The service of an unnamed `forAi()`: the class `AiCacheService` injects it, also next to named services. */
export const rootAiToken: InjectionToken<AiCacheService> = Symbol.for('nestjs-cache-infra.rootAi');
