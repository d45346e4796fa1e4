import { ModuleRef } from '@nestjs/core';
import { Injectable, Logger, Optional, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { isCache, type Cache } from '../../cache/contract/cache.js';
import type { CacheMonitor } from '../../cache/contract/monitor.js';
import type { PreparedCache } from '../../config/cache-factory.js';
import type { FleetOptions } from '../../fleet/fleet-options.js';
import { ValidationError } from '../../base/errors.js';
import { provider } from './provided.js';
import { defaultCacheName, getWholeCacheToken } from './tokens.js';
import { mergeFacts, type CacheFacts } from './cache-facts.js';
import type { EvictionTime } from './eviction-time.js';

/** Milliseconds that the start of an application waits for an optional Redis. */
const startPatience = 250;

/** The caches of one application: connects them at start, closes them at shutdown. */
@Injectable()
export class CacheRegistry implements OnModuleInit, OnApplicationShutdown {
  readonly #caches = new Map<string, PreparedCache>();
  readonly #evictions = new Map<string, EvictionTime>();
  #facts: CacheFacts = {};
  #fleet: FleetOptions | false = {};
  readonly #logger = new Logger('CacheInfra');
  /**
   * True if routes were created before any fact was declared. Calls from such routes look like calls outside of a
   * request: both have no context.
   *
   * @internal
   */
  hasRoutesWithoutContext = false;
  #hasToldOfLateFacts = false;

  constructor(@Optional() private readonly moduleRef?: ModuleRef) {}

  /**
   * Nest hands out an instance before calling its constructor: `isMade` is false for such an instance.
   *
   * @internal
   */
  static isMade(value: unknown): value is CacheRegistry {
    return typeof value === 'object' && value !== null && #caches in value;
  }

  /**
   * A cache of the application by its name. Returns the whole cache, also where `Cache` is a namespace of it
   * (`forFeature`).
   *
   * ```ts
   * await app.get(CacheRegistry).get().clear();
   * ```
   *
   * @param name default: the default cache
   * @throws ValidationError when the application has no cache of that name
   */
  get(name: string = defaultCacheName): Cache {
    // A test may have overridden the provider.
    const provided: unknown = this.moduleRef && provider(this.moduleRef, getWholeCacheToken(name));
    const cache = isCache(provided) ? provided : this.cacheOf(name);
    if (cache !== undefined) return cache;
    const known = this.names().map((each) => `'${each}'`);
    const message = `no cache '${name}' exists; registered: ${known.length === 0 ? 'none' : known.join(', ')}`;
    throw new ValidationError([{ path: 'name', message }], 'CacheRegistry');
  }

  /**
   * @throws ValidationError when the name is taken
   * @internal
   */
  register(name: string, prepared: PreparedCache): Cache {
    if (this.#caches.has(name)) throw nameTaken(name);
    this.#caches.set(name, prepared);
    return prepared.cache;
  }

  /**
   * Adds facts that decorated methods may vary by.
   *
   * @throws ValidationError when a fact is declared twice
   * @internal
   */
  addFacts(facts: CacheFacts): void {
    this.#facts = mergeFacts([this.#facts, facts]);
  }

  /** @internal */
  facts(): CacheFacts {
    return this.#facts;
  }

  /**
   * Warns once about facts that were declared after the routes were created: requests cannot supply them.
   *
   * @internal
   */
  tellOfLateFacts(names: readonly string[]): void {
    if (this.#hasToldOfLateFacts) return;
    this.#hasToldOfLateFacts = true;
    this.#logger.warn(
      `vary: ${names.join(' and ')} came with a module that was loaded after the routes were created, so requests on these routes carry no context: methods that vary by these facts run uncached. Declare the facts at startup, in forRoot({ vary }) or a CacheVaryProvider`,
    );
  }

  /**
   * Sets the default of `when` for the methods that evict from a cache.
   *
   * @internal
   */
  setEvictions(name: string, time: EvictionTime): void {
    this.#evictions.set(name, time);
  }

  /** @internal */
  evictionsOf(name: string): EvictionTime | undefined {
    return this.#evictions.get(name);
  }

  /**
   * Sets how this instance publishes itself. `false` of one module holds for the application.
   *
   * @internal
   */
  setFleet(options: FleetOptions | false | undefined): void {
    if (options === false) this.#fleet = false;
    else if (this.#fleet !== false) this.#fleet = { ...this.#fleet, ...options };
  }

  /**
   * How this instance publishes itself; false = it does not.
   *
   * @internal
   */
  fleet(): FleetOptions | false {
    return [...this.#caches.values()].every(({ mayPublish }) => mayPublish) && this.#fleet;
  }

  /** @internal */
  cacheOf(name: string): Cache | undefined {
    return this.#caches.get(name)?.cache;
  }

  /** The names of the caches, in the order of their modules. */
  names(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /**
   * The options of a cache after environment, preset and defaults.
   *
   * @internal
   */
  optionsOf(name: string): PreparedCache['options'] | undefined {
    return this.#caches.get(name)?.options;
  }

  /**
   * The monitor of a cache; undefined if monitoring is off.
   *
   * @internal
   */
  monitorOf(name: string): CacheMonitor | undefined {
    return this.#caches.get(name)?.monitor;
  }

  /**
   * Connects the caches. An application that fails to compile has opened no connection.
   *
   * @throws InfrastructureError when a cache with `failOnConnectionError` cannot connect; all caches are closed then
   */
  async onModuleInit(): Promise<void> {
    try {
      await Promise.all([...this.#caches.values()].map((prepared) => start(prepared)));
      for (const [name, { home }] of this.#caches) this.#logger.log(`Cache '${name}': ${home}`);
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** Nest calls this hook after the HTTP server has finished its last request. */
  async onApplicationShutdown(): Promise<void> {
    const results = await Promise.allSettled([...this.#caches.values()].map(({ cache }) => cache.close()));
    for (const [index, name] of this.names().entries()) {
      const result = results[index];
      if (result?.status !== 'rejected') continue;
      this.#logger.warn(`Cache '${name}' failed to close: ${String(result.reason)}`);
    }
  }
}

/** The registry; undefined in an application without `CacheInfraModule`, and before the registry is created. */
export function registryOf(moduleRef: ModuleRef): CacheRegistry | undefined {
  const registry: unknown = provider(moduleRef, CacheRegistry);
  return CacheRegistry.isMade(registry) ? registry : undefined;
}

export function nameTaken(name: string): ValidationError {
  const message = `name '${name}' is used by two caches: give each forRoot(), forAi() and entry of caches its own name, and inject the cache with @InjectCache(name), its AiCacheService with @InjectAiCache(name)`;
  return new ValidationError([{ path: 'name', message }], 'CacheInfraModule');
}

/** A cache that does not require Redis does not delay the start: it keeps connecting in the background. */
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
