import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import type { Cache } from '../../cache/cache.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { systemClock, type Clock } from '../../clock.js';
import { sha256 } from '../../keys/digest.js';
import { ValidationError, type ValidationProblem } from '../../errors.js';
import { findCache, missingCache } from '../cache-lookup.js';
import { CacheRegistry } from '../cache-registry.js';
import { defaultCacheName } from '../tokens.js';
import { decoratedRoutes } from './decorated-routes.js';

/** The part of a cache that holds responses. */
export interface HttpStore {
  readonly cache: Cache;
  /** As `cache.get()`; what it gives must not be changed. */
  readonly read: <T>(key: string) => Promise<T | undefined>;
  readonly clock: Clock;
  /** What is made anew in the background at this moment. */
  readonly refreshing: Set<string>;
}

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
  readonly #stores = new Map<string, HttpStore | undefined>();
  readonly #logger = new Logger('CacheInfra');
  readonly #reported = new Set<string>();
  #names: { readonly modules: number; readonly names: readonly string[] } | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
    private readonly registry: CacheRegistry,
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

  /** Invalidates every stored response of these URLs, in every cache that may hold one. Never rejects. */
  async invalidate(urlKeys: readonly string[]): Promise<void> {
    const stores = this.#cacheNames().flatMap((name) => this.store(name) ?? []);
    const tags = urlKeys.map(urlTag);
    await Promise.all(
      stores.map(({ cache }) => cache.invalidateTags(...tags).catch((error: unknown) => this.report(error))),
    );
  }

  /** Session middleware makes a session for those who bring none, and what the handler answers them may be of that session. */
  setsCookiesLate(handler: object, label: string): void {
    if (this.#lateCookies.has(handler)) return;
    this.#lateCookies.add(handler);
    this.#logger.warn(
      `${label}: something sets a cookie after HttpCacheInterceptor, as session middleware does. What it answers to requests without credentials is not stored from now on; if it is the same for all, say @HttpCache({ shared: true })`,
    );
  }

  getsLateCookies(handler: object): boolean {
    return this.#lateCookies.size > 0 && this.#lateCookies.has(handler);
  }

  /** The cache is in trouble, and a request goes on without it. Warns once for each kind. */
  report(error: unknown): void {
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
    const read = <T>(key: string): Promise<T | undefined> =>
      responses instanceof TieredCache ? responses.getShared<T>(key) : responses.get<T>(key);
    return { cache: responses, read, clock, refreshing: new Set() };
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

/** The tag of every stored response of a URL. */
export function urlTag(key: string): string {
  return `url:${sha256(key)}`;
}
