import { ModuleRef } from '@nestjs/core';
import { Injectable, Logger, Optional, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { isCache, type Cache } from '../../cache/contract/cache.js';
import type { CacheMonitor } from '../../cache/contract/monitor.js';
import type { PreparedCache } from '../../config/cache-factory.js';
import { ValidationError } from '../../base/errors.js';
import { provider } from './provided.js';
import { defaultCacheName, wholeCacheToken } from './tokens.js';
import { mergeFacts, type CacheFacts } from './cache-facts.js';

/** A start waits this long, in milliseconds, for a Redis that may be away. */
const startPatience = 250;

/** The caches of one application: connects them when it starts, closes them when it ends. */
@Injectable()
export class CacheRegistry implements OnModuleInit, OnApplicationShutdown {
  readonly #caches = new Map<string, PreparedCache>();
  #facts: CacheFacts = {};
  readonly #logger = new Logger('CacheInfra');
  /** Routes were made when there were no facts: calls from them cannot be told from calls outside of requests. */
  hasRoutesWithoutContext = false;
  #hasToldOfLateFacts = false;

  constructor(@Optional() private readonly moduleRef?: ModuleRef) {}

  /** Nest hands out an object of the class before it has called the constructor: such a one knows of nothing. */
  static isMade(value: unknown): value is CacheRegistry {
    return typeof value === 'object' && value !== null && #caches in value;
  }

  /**
   * A cache of the application by its name, whole: never the namespace that `Cache` is in a module with `forFeature`.
   *
   * ```ts
   * await app.get(CacheRegistry).get().clear();
   * ```
   *
   * @param name default: the default cache
   * @throws ValidationError when there is no cache of that name
   */
  get(name: string = defaultCacheName): Cache {
    // A test may have put another in its place.
    const provided: unknown = this.moduleRef && provider(this.moduleRef, wholeCacheToken(name));
    const cache = isCache(provided) ? provided : this.cacheOf(name);
    if (cache !== undefined) return cache;
    const known = this.names().map((each) => `'${each}'`);
    const message = `no cache '${name}' exists; registered: ${known.length === 0 ? 'none' : known.join(', ')}`;
    throw new ValidationError([{ path: 'name', message }], 'CacheRegistry');
  }

  /** @throws ValidationError when the name is taken */
  register(name: string, prepared: PreparedCache): Cache {
    if (this.#caches.has(name)) throw nameTaken(name);
    this.#caches.set(name, prepared);
    return prepared.cache;
  }

  /**
   * What the methods of the application may vary by.
   *
   * @throws ValidationError when a fact is said twice
   */
  addFacts(facts: CacheFacts): void {
    this.#facts = mergeFacts([this.#facts, facts]);
  }

  facts(): CacheFacts {
    return this.#facts;
  }

  /** Warns, once, of facts that came when it was too late for requests to reach them. */
  tellOfLateFacts(names: readonly string[]): void {
    if (this.#hasToldOfLateFacts) return;
    this.#hasToldOfLateFacts = true;
    this.#logger.warn(
      `vary: ${names.join(' and ')} came with a module that was loaded after the routes were created, so requests on these routes carry no context: methods that vary by these facts run uncached. Declare the facts at startup, in forRoot({ vary }) or a CacheVaryProvider`,
    );
  }

  cacheOf(name: string): Cache | undefined {
    return this.#caches.get(name)?.cache;
  }

  /** In the order of their modules. */
  names(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /** After environment, preset and defaults. */
  optionsOf(name: string): PreparedCache['options'] | undefined {
    return this.#caches.get(name)?.options;
  }

  /** Who watches the cache, unless monitoring is off. */
  monitorOf(name: string): CacheMonitor | undefined {
    return this.#caches.get(name)?.monitor;
  }

  /**
   * Connects. Not before: the providers of an application that fails to compile have opened nothing then.
   *
   * @throws InfrastructureError when a cache with `failOnConnectionError` cannot connect; all are closed then
   */
  async onModuleInit(): Promise<void> {
    try {
      await Promise.all([...this.#caches.values()].map((prepared) => start(prepared)));
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** After the server has let its last request go. */
  async onApplicationShutdown(): Promise<void> {
    const results = await Promise.allSettled([...this.#caches.values()].map(({ cache }) => cache.close()));
    for (const [index, name] of this.names().entries()) {
      const result = results[index];
      if (result?.status !== 'rejected') continue;
      this.#logger.warn(`Cache '${name}' failed to close: ${String(result.reason)}`);
    }
  }
}

/** Undefined in an application without caches of ours, and before the registry is made. */
export function registryOf(moduleRef: ModuleRef): CacheRegistry | undefined {
  const registry: unknown = provider(moduleRef, CacheRegistry);
  return CacheRegistry.isMade(registry) ? registry : undefined;
}

export function nameTaken(name: string): ValidationError {
  const message = `name '${name}' is used by two caches: give each forRoot(), forAi() and entry of caches its own name, and inject the cache with @InjectCache(name), its AiCacheService with @InjectAiCache(name)`;
  return new ValidationError([{ path: 'name', message }], 'CacheInfraModule');
}

/** A cache that can do without Redis does not hold the start up: it goes on connecting by itself. */
async function start(prepared: PreparedCache): Promise<void> {
  if (prepared.required) return prepared.connect();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, startPatience);
  });
  const connected = prepared.connect().catch(() => undefined);
  await Promise.race([connected, patience]);
  clearTimeout(timer);
}
