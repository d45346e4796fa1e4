import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import { decoratedProviders, decoratedRoutes, type DecoratedRoute } from './decorated-routes.js';
import { HttpCacheInterceptor } from './http-cache.interceptor.js';
import { interceptorsOn } from './http-route.js';
import { misplacement } from './misplaced-options.js';

/** Warns at start about every `@HttpCache()` without effect. */
@Injectable()
export class IdleRoutes implements OnApplicationBootstrap {
  readonly #logger = new Logger('CacheInfra');

  constructor(
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {}

  onApplicationBootstrap(): void {
    for (const { name, reason } of this.#misplaced()) {
      this.#logger.warn(`@HttpCache() of ${name}: ${reason}`);
    }
    const unbound = this.#unbound();
    if (unbound.length === 0) return;
    const names = unbound.map(({ name }) => name).join(' and ');
    this.#logger.warn(
      `@HttpCache() of ${names} has no effect: bind HttpCacheInterceptor with { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor } or @UseInterceptors(HttpCacheInterceptor)`,
    );
  }

  #unbound(): readonly DecoratedRoute[] {
    const globals = [
      ...this.config.getGlobalInterceptors(),
      ...this.config.getGlobalRequestInterceptors().map(({ metatype }) => metatype),
    ];
    if (globals.some(isHttpCache)) return [];
    return [...decoratedRoutes(this.modules)].filter((route) => !isBound(route));
  }

  *#misplaced(): Iterable<{ readonly name: string; readonly reason: string }> {
    for (const { name, controller, handler } of decoratedRoutes(this.modules)) {
      const reason = handler === undefined ? undefined : misplacement(controller, handler);
      if (reason !== undefined) yield { name, reason };
    }
    for (const name of decoratedProviders(this.modules))
      yield { name, reason: 'the class is not a controller, so the options have no effect' };
  }
}

/** Options of a controller are effective if at least one of its routes has the interceptor. */
function isBound({ controller, handler }: DecoratedRoute): boolean {
  const handlers = handler === undefined ? handlersOf(controller) : [handler];
  return [controller, ...handlers].some((target) => interceptorsOn(target).some(isHttpCache));
}

function handlersOf(controller: object): readonly object[] {
  const { prototype } = controller as { readonly prototype: object };
  return Object.values(Object.getOwnPropertyDescriptors(prototype))
    .map(({ value }): unknown => value)
    .filter((value): value is object => typeof value === 'function');
}

function isHttpCache(it: unknown): boolean {
  if (it instanceof HttpCacheInterceptor || it === HttpCacheInterceptor) return true;
  return typeof it === 'function' && it.prototype instanceof HttpCacheInterceptor;
}
