import type { NestInterceptor } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import type { CacheContextInterceptor } from './cache-context.interceptor.js';
import type { CacheRegistry } from '../registry/cache-registry.js';
import { factsOf } from './facts-lookup.js';

/**
 * Binds `CacheContextInterceptor` to the whole application, if it has facts. Nest reads `intercept` when it creates a
 * route, and skips an interceptor without it. Without facts `intercept` is undefined: even a pass-through interceptor
 * would cost each request more than a cache hit does.
 *
 * Routes that were created before any fact (facts of a lazily loaded module) set no context. `factsOf` treats calls
 * without a context as unknown then, not as calls outside of a request.
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
