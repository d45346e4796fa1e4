import { Logger, type InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import type { Cache } from '../cache/cache.js';
import type { CacheMonitor } from '../cache/monitor.js';
import { ValidationError } from '../errors.js';
import { CacheRegistry } from './cache-registry.js';
import type { MethodOptions } from './decorator-options.js';
import { moduleRefOf } from './method-injection.js';
import { defaultCacheName, getCacheToken } from './tokens.js';

/** The cache that serves a decorated method, and who watches it. */
export interface MethodCache {
  readonly cache: Cache;
  readonly monitor: CacheMonitor | undefined;
}

const logger = new Logger('CacheInfra');
const found = new WeakMap<ModuleRef, Map<string, MethodCache>>();
const namespaces = new WeakMap<Cache, Map<string, Cache>>();
const warned = new WeakSet<object>();

/**
 * The cache, or its namespace, that `options` name in the application that `instance` belongs to. Undefined, and the method runs uncached, when
 * Nest did not make the instance, or when the application has no cache module at all.
 *
 * @throws ValidationError when the application has caches, but none of that name
 */
export function cacheFor(
  instance: unknown,
  { cache: name = defaultCacheName, namespace }: Pick<MethodOptions, 'cache' | 'namespace'>,
  method: string,
): MethodCache | undefined {
  const found = namedCache(instance, name, method);
  if (found === undefined || namespace === undefined) return found;
  return { ...found, cache: namespaceOf(found.cache, namespace) };
}

/** The same object every time: calls tell by it what they are loading. */
function namespaceOf(cache: Cache, name: string): Cache {
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

  const registry = provider(moduleRef, CacheRegistry);
  const cache = provider(moduleRef, getCacheToken(name));
  if (cache !== undefined) {
    const entry = { cache, monitor: registry?.monitorOf(name) };
    known.set(name, entry);
    return entry;
  }
  if (registry !== undefined) throw new ValidationError([missingCache(name, method, registry.names())]);
  warnOnce(instance, method);
  return undefined;
}

/** What is wrong when a method names a cache that the application does not have. */
export function missingCache(name: string, method: string, names: readonly string[]) {
  const known = names.length === 0 ? 'none' : names.map((it) => `'${it}'`).join(', ');
  const missing = name === defaultCacheName ? 'the default cache' : `the cache '${name}'`;
  return {
    path: method,
    message: `${method} uses ${missing}, which no CacheInfraModule makes; registered: ${known}`,
  };
}

/** What the application provides under `token`, in whatever module. */
export function provider<T>(moduleRef: ModuleRef, token: InjectionToken<T>): T | undefined {
  try {
    return moduleRef.get<T>(token, { strict: false });
  } catch {
    return undefined;
  }
}

function warnOnce(instance: unknown, method: string): void {
  const owner: unknown = Object.getPrototypeOf(instance);
  if (typeof owner !== 'object' || owner === null || warned.has(owner)) return;
  warned.add(owner);
  logger.warn(`${method} runs uncached: the application does not import CacheInfraModule`);
}
