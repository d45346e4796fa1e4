import { Inject, type InjectionToken } from '@nestjs/common';

import { AiCacheService } from '../ai/index.js';
import { defaultCacheName } from './tokens.js';

/** The token of an AI cache: the class {@link AiCacheService} for the default one, a text for a named one. */
export function getAiCacheToken(name: string = defaultCacheName): InjectionToken<AiCacheService> {
  return name === defaultCacheName ? AiCacheService : `AiCacheService(${name})`;
}

/** Injects the {@link AiCacheService} of `CacheInfraModule.forAi({ name })`. */
export function InjectAiCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getAiCacheToken(name));
}
