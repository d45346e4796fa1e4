import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import type { Cache } from '../../cache/cache.js';
import { systemClock, type Clock } from '../../clock.js';
import { sha256 } from '../../keys/digest.js';
import { ValidationError, type ValidationProblem } from '../../errors.js';
import { findCache, missingCache } from '../cache-lookup.js';
import { CacheRegistry } from '../cache-registry.js';
import { defaultCacheName } from '../tokens.js';
import { optionsOn } from './http-route.js';

/** The part of a cache that holds responses. */
export interface HttpStore {
  readonly cache: Cache;
  readonly clock: Clock;
  /** What is made anew in the background at this moment. */
  readonly refreshing: Set<string>;
}

/** One route that names a cache. */
interface NamedRoute {
  readonly cache: string;
  readonly label: string;
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
  readonly #lateCookies = new WeakSet<object>();
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
    const problems: ValidationProblem[] = [...this.#routes()]
      .filter(({ cache }) => findCache(this.moduleRef, cache) === undefined)
      .map(({ cache, label }) => missingCache(cache, label, this.registry.names()));
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
    return this.#lateCookies.has(handler);
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
    return { cache: cache.namespace('http'), clock, refreshing: new Set() };
  }

  /** The default one too: it holds what routes without options let be stored. */
  #cacheNames(): readonly string[] {
    const modules = this.modules.size;
    if (this.#names?.modules !== modules) {
      const names = [...this.#routes()].map(({ cache }) => cache);
      this.#names = { modules, names: [...new Set([defaultCacheName, ...names])] };
    }
    return this.#names.names;
  }

  *#routes(): Iterable<NamedRoute> {
    for (const module of this.modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype !== 'function') continue;
        const shared = optionsOn(metatype);
        if (shared !== undefined && shared !== false) {
          yield { cache: shared.cache ?? defaultCacheName, label: `@HttpCache() of ${metatype.name}` };
        }
        for (const [name, method] of methodsOf(metatype.prototype as object)) {
          const own = optionsOn(method);
          if (own === undefined || own === false) continue;
          const inherited = shared === false ? undefined : shared?.cache;
          const cache = own.cache ?? inherited ?? defaultCacheName;
          yield { cache, label: `@HttpCache() of ${metatype.name}.${name}` };
        }
      }
    }
  }
}

/** The tag of every stored response of a URL. */
export function urlTag(key: string): string {
  return `url:${sha256(key)}`;
}

/** Also those that are inherited. */
function* methodsOf(prototype: object | null): Iterable<readonly [name: string, method: object]> {
  if (prototype === null || prototype === Object.prototype) return;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value === 'function' && name !== 'constructor') yield [name, value as object];
  }
  yield* methodsOf(Object.getPrototypeOf(prototype) as object | null);
}
