import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import type { Cache } from '../../../cache/contract/cache.js';
import { TieredCache, type Looked } from '../../../cache/tiered-cache.js';
import { systemClock } from '../../../base/clock.js';
import { ValidationError, type ValidationProblem } from '../../../base/errors.js';
import { CachePerformanceMonitor } from '../../../monitoring/performance-monitor.js';
import { findCache, missingCache } from '../../decorators/cache-lookup.js';
import { CacheRegistry } from '../../registry/cache-registry.js';
import { defaultCacheName } from '../../registry/tokens.js';
import type { Fields } from '../rules/header-fields.js';
import type { HttpRoute, Surroundings } from './http-route.js';
import type { HttpStore } from '../rules/http-store.js';
import { Revalidations } from '../rules/revalidations.js';
import { hasCredentials } from '../rules/credentials.js';
import { decoratedRoutes } from './decorated-routes.js';

/** The caches that hold the responses of an application. */
@Injectable()
export class HttpCaches implements OnModuleInit {
  /**
   * Handlers without options that were seen to give a response its freshness: only for them is the cache asked. An
   * application may have many others.
   */
  readonly caching = new WeakSet<object>();
  /** Handlers whose answers were seen to get a cookie after this cache had them. */
  readonly #lateCookies = new Set<object>();
  /** Handlers whose answers hold objects of classes that somebody outside may act by. */
  readonly #classLosing = new WeakSet<object>();
  /** Handlers whose last run in the background failed. */
  readonly #failing = new WeakSet<object>();
  /** Errors that have been told of. */
  readonly #told = new WeakSet<object>();
  readonly #stores = new Map<string, HttpStore | undefined>();
  readonly #logger = new Logger('CacheInfra');
  readonly #reported = new Set<string>();
  #names: { readonly modules: number; readonly names: readonly string[] } | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
    private readonly registry: CacheRegistry,
    private readonly monitor: CachePerformanceMonitor,
  ) {}

  /** @throws ValidationError for a route that names a cache which the application does not have */
  onModuleInit(): void {
    const problems: ValidationProblem[] = [...decoratedRoutes(this.modules)]
      .filter(({ cache }) => findCache(this.moduleRef, cache) === undefined)
      .map(({ cache, name }) => missingCache(cache, `@HttpCache() of ${name}`, this.registry.names()));
    if (problems.length > 0) throw new ValidationError(problems, 'CacheInfraModule');
  }

  /** Undefined = there is no such cache. */
  store(name: string = defaultCacheName): HttpStore | undefined {
    if (!this.#stores.has(name)) this.#stores.set(name, this.#made(name));
    return this.#stores.get(name);
  }

  /** Counts a request for its route. */
  recordRequest(route: string, result: 'hit' | 'miss'): void {
    this.monitor.recordHttpRequest(route, result);
  }

  /** Invalidates every stored response with one of these tags, in every cache that may hold one. Never rejects. */
  async invalidate(tags: readonly string[]): Promise<void> {
    const stores = this.#cacheNames().flatMap((name) => this.store(name) ?? []);
    await Promise.all(
      stores.map(({ cache }) => cache.invalidateTags(...tags).catch((error: unknown) => this.report(error))),
    );
  }

  /**
   * An answer went out with a cookie that was set after this cache had it. Session middleware makes sessions for requests without
   * credentials: from now on these ask for nothing on this route. Warns once for each route.
   */
  setsCookiesLate({ id, handler }: HttpRoute, request: Fields): void {
    if (!hasCredentials(request)) this.#lateCookies.add(handler);
    const name = `set-cookie ${id}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#logger.warn(
      `${id}: a cookie is set after HttpCacheInterceptor, for example by session middleware. Responses with a cookie are not stored. Once a request without credentials receives a cookie, such requests bypass the cache, unless the route sets @HttpCache({ shared: true })`,
    );
  }

  /** Answers of a route are not stored, because objects of a class would lose it. Warns once for each route. */
  losesClass({ id, handler }: HttpRoute, className: string, { names, serializes }: Surroundings): void {
    if (this.#classLosing.has(handler)) return;
    this.#classLosing.add(handler);
    const outside = names.length === 0 ? 'the HTTP adapter' : names.join(' and ');
    const plainWord = serializes
      ? ''
      : '; or set @HttpCache({ plain: true }) if the response is the same without the class';
    this.#logger.warn(
      `${id} returns objects (${className}) that would lose their class in the cache, and ${outside} may depend on the class: these responses are not stored. Return plain objects, or bind HttpCacheInterceptor outside of ${outside}${plainWord}`,
    );
  }

  getsLateCookies(handler: object): boolean {
    return this.#lateCookies.size > 0 && this.#lateCookies.has(handler);
  }

  /** A run for `staleWhileRevalidate` failed, of which no filter hears. Tells of it once, until one succeeds. */
  failsInBackground({ id, handler }: HttpRoute, error: unknown): void {
    if (this.#failing.has(handler)) return;
    this.#failing.add(handler);
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    this.#logger.error(
      `${id} failed while revalidating in the background (staleWhileRevalidate), clients keep getting the stale response: ${message}`,
      stack,
    );
  }

  worksInBackground({ handler }: HttpRoute): void {
    this.#failing.delete(handler);
  }

  /** A function of `@HttpCache()` threw: the answers to such requests are not cached. Warns once for each route. */
  optionFails(option: 'key' | 'tags', { id }: HttpRoute, error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#told.add(error);
    const name = `${option} ${id}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#logger.warn(
      `${option} of @HttpCache() on ${id} failed, so the handler responds without the cache: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  /** The cache is in trouble, and a request goes on without it. Warns once for each kind. */
  report(error: unknown): void {
    if (typeof error === 'object' && error !== null && this.#told.has(error)) return;
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#logger.warn(`HttpCacheInterceptor: ${message}`);
  }

  #made(name: string): HttpStore | undefined {
    const cache = findCache(this.moduleRef, name);
    if (cache === undefined) return undefined;
    const clock = this.registry.optionsOf(name)?.clock ?? systemClock;
    const responses = cache.namespace('http');
    return { ...readsOf(responses), clock, revalidations: new Revalidations() };
  }

  /** The default one too: it holds what routes without options let be stored. */
  #cacheNames(): readonly string[] {
    const modules = this.modules.size;
    if (this.#names?.modules !== modules) {
      const names = [...decoratedRoutes(this.modules)].map(({ cache }) => cache);
      this.#names = { modules, names: [...new Set([defaultCacheName, ...names])] };
    }
    return this.#names.names;
  }
}

/** One request takes several look-ups, and counts as one read. A cache that stands in for ours, in tests, counts each of them. */
function readsOf(cache: Cache): Pick<HttpStore, 'cache' | 'look' | 'recordRead'> {
  if (cache instanceof TieredCache) {
    const responses = cache.uncounted();
    return {
      cache: responses,
      look: (key) => responses.look(key),
      recordRead: (key, tier, start) => {
        responses.recordRead(key, tier, start);
      },
    };
  }
  const look = async <T>(key: string): Promise<Looked<T> | undefined> => {
    const value = await cache.get<T>(key);
    return value === undefined ? undefined : { value, tier: 'l1' };
  };
  return { cache, look, recordRead: () => undefined };
}
