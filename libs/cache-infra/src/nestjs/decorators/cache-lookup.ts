import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import { isCache, type Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import type { CacheMonitor } from '../../cache/contract/monitor.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import type { CacheFacts } from '../registry/cache-facts.js';
import type { EvictionTime } from '../registry/eviction-time.js';
import { CacheRegistry, registryOf } from '../registry/cache-registry.js';
import type { MethodOptions } from './decorator-options.js';
import { factsOf } from '../vary/facts-lookup.js';
import { featureOf, moduleRefOf } from './method-injection.js';
import { isPending, provider } from '../registry/provided.js';
import { defaultCacheName, getCacheToken, namespacesOf, getWholeCacheToken } from '../registry/tokens.js';

/** The cache of a decorated method, its monitor, and the facts that the method may vary by. */
export interface MethodCache {
  readonly cache: Cache;
  /** False for an in-memory cache of this process. */
  readonly isShared: boolean;
  readonly monitor: CacheMonitor | undefined;
  readonly facts: () => CacheFacts;
  /** The `evictions` of the module. */
  readonly evictions: EvictionTime | undefined;
}

/** The cache and namespace of entries. */
type Place = Pick<MethodOptions, 'cache' | 'namespace'>;

const logger = new Logger('CacheInfra');
const found = new WeakMap<ModuleRef, Map<string, MethodCache>>();
const namespaces = new WeakMap<Cache, Map<string, Cache>>();
const warned = new WeakSet<object>();

/**
 * The cache, or its namespace, that `place` names in the application of `instance`. Undefined, and the method runs
 * uncached, when Nest did not create the instance, or the application has no cache module.
 *
 * @throws ValidationError when the application has caches, but none of that name
 */
export function cacheFor(instance: unknown, place: Place, method: string): MethodCache | undefined {
  const found = namedCache(instance, place.cache ?? defaultCacheName, method);
  if (found === undefined) return undefined;
  const cache = namespacesOf(place, featureOf(instance)).reduce(namespaceOf, found.cache);
  return cache === found.cache ? found : { ...found, cache };
}

/** Returns the same object for the same name: running loads are compared by cache identity. */
export function namespaceOf(cache: Cache, name: string): Cache {
  const known = namespaces.get(cache) ?? new Map<string, Cache>();
  namespaces.set(cache, known);
  const namespace = known.get(name) ?? cache.namespace(name);
  known.set(name, namespace);
  return namespace;
}

function namedCache(instance: unknown, name: string, method: string): MethodCache | undefined {
  const moduleRef = moduleRefOf(instance);
  if (moduleRef === undefined) return undefined;
  const known = found.get(moduleRef) ?? new Map<string, MethodCache>();
  found.set(moduleRef, known);
  const hit = known.get(name);
  if (hit !== undefined) return hit;

  const registry = registryOf(moduleRef);
  const cache = findCache(moduleRef, name);
  if (cache !== undefined) {
    const isShared = !(cache instanceof InMemoryCache);
    const entry = {
      ...{ cache, isShared, monitor: registry?.monitorOf(name), evictions: registry?.evictionsOf(name) },
      facts: () => factsOf(moduleRef),
    };
    known.set(name, entry);
    return entry;
  }
  // While the application starts, the cache may not exist yet: the method runs uncached, and the next call looks again.
  if (isPending(moduleRef, getCacheToken(name)) || isPending(moduleRef, getWholeCacheToken(name)))
    return undefined;
  if (registry !== undefined) throw new ValidationError([missingCache(name, method, registry.names())]);
  if (provider(moduleRef, CacheRegistry) === undefined)
    warnOnce(instance, whyUncached(moduleRef, name, method));
  return undefined;
}

function whyUncached(moduleRef: ModuleRef, name: string, method: string): string {
  return provider(moduleRef, getCacheToken(name)) === undefined
    ? `${method} runs uncached: the application does not import CacheInfraModule`
    : `${method} runs uncached: the provider of Cache is not a cache (a mock?). Provide new InMemoryCache(), or import CacheInfraModule.forTesting()`;
}

/**
 * The whole cache of that name: from a module of this library, a lazily loaded module, or a provider in a test.
 * Undefined also while its instance does not exist yet.
 */
export function findCache(moduleRef: ModuleRef, name: string): Cache | undefined {
  const candidates = [
    () => provider(moduleRef, getWholeCacheToken(name)),
    () => registryOf(moduleRef)?.cacheOf(name),
    () => provider(moduleRef, getCacheToken(name)),
  ];
  for (const candidate of candidates) {
    const cache = candidate();
    if (isCache(cache)) return cache;
  }
  return undefined;
}

/** The problem of a method that names a cache which the application does not have. */
export function missingCache(name: string, method: string, names: readonly string[]): ValidationProblem {
  const known = names.length === 0 ? 'none' : names.map((it) => `'${it}'`).join(', ');
  const missing = name === defaultCacheName ? 'the default cache' : `the cache '${name}'`;
  return {
    path: method,
    message: `${method} uses ${missing}, which no CacheInfraModule creates; registered: ${known}`,
  };
}

function warnOnce(instance: unknown, words: string | undefined): void {
  const owner: unknown = Object.getPrototypeOf(instance);
  if (words === undefined || typeof owner !== 'object' || owner === null || warned.has(owner)) return;
  warned.add(owner);
  logger.warn(words);
}
