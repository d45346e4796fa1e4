import { Inject, type InjectionToken } from '@nestjs/common';

import { AiCacheService } from '../../ai/index.js';
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
export const ownAiCacheToken = Symbol('CacheInfraModule.forAi');

/** The service of an unnamed `forAi()`: the class `AiCacheService` injects it, also next to named services. */
export const rootAiToken: InjectionToken<AiCacheService> = Symbol.for('nestjs-cache-infra.rootAi');
