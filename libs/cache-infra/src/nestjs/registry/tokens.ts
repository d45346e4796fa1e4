import { Inject, Optional, type InjectionToken } from '@nestjs/common';

import { Cache } from '../../cache/contract/cache.js';

/** The name of a cache that is created without a name. */
export const defaultCacheName = 'default';

/** The token of a cache: the class {@link Cache} for the default one, a string for a named one. */
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

/**
 * The token of the whole cache. In a module with `forFeature`, {@link getCacheToken} gives a namespace instead; outside
 * of modules, `app.get(Cache)` may give either.
 *
 * ```ts
 * await app.get(getWholeCacheToken()).clear();
 * ```
 */
export function getWholeCacheToken(name: string = defaultCacheName): InjectionToken<Cache> {
  return `CacheInfraModule.cache(${name})`;
}

/** Injects the whole cache, also in a module with `forFeature`. */
export function InjectWholeCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getWholeCacheToken(name));
}

/** The cache that `Cache` injects in an application with `forRoot()`; a `forAi()` next to it does not replace it. */
export const rootCacheToken: InjectionToken<Cache> = Symbol.for('nestjs-cache-infra.rootCache');

/** The namespace that `CacheInfraModule.forFeature` declares for the importing module. */
export interface CacheFeature {
  /** The name of the cache. */
  readonly cache: string;
  readonly namespace: string;
}

export const featureToken: InjectionToken<CacheFeature> = Symbol.for('nestjs-cache-infra.CacheFeature');

/** The namespaces of an entry, outermost first: of the module, then of the method. */
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

/** A provider of every `CacheInfraModule` that a static method created; a bare import lacks it. */
export const madeByMethod = { provide: madeByMethodToken, useValue: true };

/** Injects {@link madeByMethod}, or undefined in a bare import. */
export function InjectMadeByMethod(): ParameterDecorator {
  return (target, name, index) => {
    Inject(madeByMethodToken)(target, name, index);
    Optional()(target, name, index);
  };
}
