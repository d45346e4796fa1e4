import type { NestInterceptor } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import type { CacheContextInterceptor } from './cache-context.interceptor.js';
import type { CacheRegistry } from '../registry/cache-registry.js';
import { factsOf } from './facts-lookup.js';

/**
 * `CacheContextInterceptor` for the whole application, where there are facts. Where there are none it is no interceptor: Nest looks for
 * `intercept` when it makes a route, and leaves out what has none. One that only lets requests pass would still cost each of them more
 * than a hit in the cache does.
 *
 * Facts that come after routes were made without them (with a module that is loaded lazily) are known to no request on those routes:
 * `factsOf` sees to it that they are not mistaken for calls outside of requests.
 */
export class ContextBinding {
  readonly #moduleRef: ModuleRef;
  readonly #registry: CacheRegistry;
  readonly #intercept: NestInterceptor['intercept'];

  constructor(moduleRef: ModuleRef, registry: CacheRegistry, interceptor: CacheContextInterceptor) {
    this.#moduleRef = moduleRef;
    this.#registry = registry;
    this.#intercept = (context, next) => interceptor.intercept(context, next);
  }

  get intercept(): NestInterceptor['intercept'] | undefined {
    if (Object.keys(factsOf(this.#moduleRef)).length > 0) return this.#intercept;
    this.#registry.hasRoutesWithoutContext = true;
    return undefined;
  }
}
