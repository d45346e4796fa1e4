import { Inject, type InjectionToken } from '@nestjs/common';

import { AiCacheService } from '../../ai/index.js';
import { defaultCacheName } from './tokens.js';

/** The token of an AI cache: the class {@link AiCacheService} for the default one, a text for a named one. */
export function getAiCacheToken(name: string = defaultCacheName): InjectionToken<AiCacheService> {
  return name === defaultCacheName ? AiCacheService : `AiCacheService(${name})`;
}

/** Injects the {@link AiCacheService} of `CacheInfraModule.forAi({ name })`. */
export function InjectAiCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getAiCacheToken(name));
}

/** The cache of a `forAi()` without a name, whatever name it gets. */
export const ownAiCacheToken = Symbol('CacheInfraModule.forAi');

/** The service of a `forAi()` without a name: the one that the class stands for, also beside others. */
export const rootAiToken: InjectionToken<AiCacheService> = Symbol.for('nestjs-cache-infra.rootAi');
