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
import { provider } from '../../registry/provided.js';
import type { EdgeTagSettings } from '../rules/edge-fields.js';
import type { Fields } from '../rules/header-fields.js';
import type { HttpRoute, Surroundings } from './http-route.js';
import type { HttpStore } from '../rules/http-store.js';
import { Revalidations } from '../rules/revalidations.js';
import { hasCredentials } from '../rules/credentials.js';
import { decoratedRoutes } from './decorated-routes.js';
import { edgeTagSettings } from './edge-tagging.js';

/** The namespace of a cache that stores its responses. */
export const responseNamespace = 'http';

/** The caches that store the HTTP responses of an application. */
@Injectable()
export class HttpCaches implements OnModuleInit {
  /**
   * Handlers without options whose responses have set a lifetime. The cache is read for no other handler without
   * options, of which an application may have many.
   */
  readonly caching = new WeakSet<object>();
  /** Handlers whose responses received a cookie after this cache had them. */
  readonly #lateCookies = new Set<object>();
  /** Handlers whose responses contain class instances that outer code may depend on. */
  readonly #classLosing = new WeakSet<object>();
  /** Handlers whose last background revalidation failed. */
  readonly #failing = new WeakSet<object>();
  /** Errors that were already logged. */
  readonly #logged = new WeakSet<object>();
  readonly #stores = new Map<string, HttpStore | undefined>();
  readonly #logger = new Logger('CacheInfra');
  readonly #reported = new Set<string>();
  #edgeTags: EdgeTagSettings | undefined;
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
    this.#edgeTags = provider<EdgeTagSettings>(this.moduleRef, edgeTagSettings);
  }

  /** How responses name their tags to a CDN; undefined in an application without `CdnModule`. */
  get edgeTags(): EdgeTagSettings | undefined {
    return this.#edgeTags;
  }

  /** The caches of responses, each as its namespace of responses. */
  all(): readonly Cache[] {
    return this.#cacheNames().flatMap((name) => this.store(name)?.cache ?? []);
  }

  /** Undefined if the application has no such cache. */
  store(name: string = defaultCacheName): HttpStore | undefined {
    if (!this.#stores.has(name)) this.#stores.set(name, this.#made(name));
    return this.#stores.get(name);
  }

  /** Counts a request for its route. */
  recordRequest(route: string, result: 'hit' | 'miss'): void {
    this.monitor.recordHttpRequest(route, result);
  }

  /** Invalidates every stored response with one of these tags, in every cache of responses. Never rejects. */
  async invalidate(tags: readonly string[]): Promise<void> {
    await Promise.all(
      this.all().map((cache) => cache.invalidateTags(...tags).catch((error: unknown) => this.report(error))),
    );
  }

  /**
   * Records that a response received a cookie after this cache had it. If the request had no credentials, requests
   * without credentials bypass the cache on this route from now on, because session middleware creates sessions for
   * them. Warns once per route.
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

  /** Warns once per route that its responses are not stored because class instances would lose their class. */
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

  /**
   * Logs a failed background revalidation, which no exception filter receives. Logs once until a revalidation succeeds.
   */
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

  /** Warns once per route that a function of `@HttpCache()` threw, and the response is not cached. */
  optionFails(option: 'key' | 'tags', { id }: HttpRoute, error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#logged.add(error);
    const name = `${option} ${id}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#logger.warn(
      `${option} of @HttpCache() on ${id} failed, so the handler responds without the cache: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  /** Warns once per kind of cache error: the request continues without the cache. */
  report(error: unknown): void {
    if (typeof error === 'object' && error !== null && this.#logged.has(error)) return;
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#logger.warn(`HttpCacheInterceptor: ${message}`);
  }

  #made(name: string): HttpStore | undefined {
    const cache = findCache(this.moduleRef, name);
    if (cache === undefined) return undefined;
    const clock = this.registry.optionsOf(name)?.advanced?.clock ?? systemClock;
    const responses = cache.namespace(responseNamespace);
    return { ...readsOf(responses), clock, revalidations: new Revalidations() };
  }

  /** The default cache is included: it stores the responses of routes without options. */
  #cacheNames(): readonly string[] {
    const modules = this.modules.size;
    if (this.#names?.modules !== modules) {
      const names = [...decoratedRoutes(this.modules)].map(({ cache }) => cache);
      this.#names = { modules, names: [...new Set([defaultCacheName, ...names])] };
    }
    return this.#names.names;
  }
}

/** One request makes several look-ups but counts as one read. A foreign cache counts each look-up. */
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
