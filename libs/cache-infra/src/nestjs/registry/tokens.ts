import { Inject, Optional, type InjectionToken } from '@nestjs/common';

import { Cache } from '../../cache/contract/cache.js';

/** The name of the cache that `forRoot()` makes when it is given none. */
export const defaultCacheName = 'default';

/** The token of a cache: the class {@link Cache} for the default one, a text for a named one. */
export function getCacheToken(name: string = defaultCacheName): InjectionToken<Cache> {
  return name === defaultCacheName ? Cache : `Cache(${name})`;
}

/**
 * Injects a cache by its name.
 *
 * ```ts
 * constructor(@InjectCache('sessions') private readonly sessions: Cache) {}
 * ```
 */
export function InjectCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getCacheToken(name));
}

/** The cache itself, where the token of {@link getCacheToken} may stand for a namespace of it in some module. */
export function wholeCacheToken(name: string): InjectionToken<Cache> {
  return `CacheInfraModule.cache(${name})`;
}

/** What `Cache` is in an application with a `forRoot()`: a `forAi()` beside it leaves it that. */
export const rootCacheToken: InjectionToken<Cache> = Symbol.for('nestjs-cache-infra.rootCache');

/** What `CacheInfraModule.forFeature` says to the module that imports it. */
export interface CacheFeature {
  /** The name of the cache. */
  readonly cache: string;
  readonly namespace: string;
}

export const featureToken: InjectionToken<CacheFeature> = Symbol.for('nestjs-cache-infra.CacheFeature');

/** From the outermost to the innermost: that of the module, then that of the method. */
export function namespacesOf(
  {
    cache = defaultCacheName,
    namespace,
  }: { readonly cache?: string | undefined; readonly namespace?: string | undefined },
  feature: CacheFeature | undefined,
): readonly string[] {
  const ofModule = feature?.cache === cache ? feature.namespace : undefined;
  return [ofModule, namespace].filter((name) => name !== undefined);
}

const madeByMethodToken = Symbol('CacheInfraModule.forRoot');

/** In every `CacheInfraModule` that one of its methods has made, and not in one that was imported by itself. */
export const madeByMethod = { provide: madeByMethodToken, useValue: true };

/** Injects whether it is there. */
export function InjectMadeByMethod(): ParameterDecorator {
  return (target, name, index) => {
    Inject(madeByMethodToken)(target, name, index);
    Optional()(target, name, index);
  };
}
