import type { ExecutionContext } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

import { defaultCacheName } from '../../registry/tokens.js';
import { optionsOn } from './http-route.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

interface Controller {
  readonly name: string;
  readonly prototype: object;
}

/** A route with `@HttpCache()`, or a controller with `@HttpCache()` for all its routes. */
export interface DecoratedRoute {
  /** The name of its cache. */
  readonly cache: string;
  /** `Controller.method`, or `Controller`. */
  readonly name: string;
  readonly controller: Controller;
  /** Undefined = every route of the controller. */
  readonly handler: Handler | undefined;
}

/** The decorated routes of all loaded modules. */
export function* decoratedRoutes(modules: ModulesContainer): Iterable<DecoratedRoute> {
  for (const module of modules.values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype === 'function') yield* routesOf(metatype);
    }
  }
}

/** Methods with `@HttpCache()` on classes that are not controllers. */
export function* decoratedProviders(modules: ModulesContainer): Iterable<string> {
  for (const module of modules.values()) {
    for (const { metatype } of module.providers.values()) {
      const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
      if (typeof prototype !== 'object' || prototype === null) continue;
      for (const [name, method] of methodsOf(prototype)) {
        if (optionsOn(method) !== undefined) yield `${(metatype as Controller).name}.${name}`;
      }
    }
  }
}

function* routesOf(controller: Controller): Iterable<DecoratedRoute> {
  const shared = optionsOn(controller);
  const ofAll = shared === false ? undefined : shared;
  if (ofAll !== undefined) {
    yield { cache: ofAll.cache ?? defaultCacheName, name: controller.name, controller, handler: undefined };
  }
  for (const [name, handler] of methodsOf(controller.prototype)) {
    const own = optionsOn(handler);
    if (own === undefined || own === false) continue;
    const cache = own.cache ?? ofAll?.cache ?? defaultCacheName;
    yield { cache, name: `${controller.name}.${name}`, controller, handler };
  }
}

/** The methods of a class, inherited ones included. */
function* methodsOf(prototype: object | null): Iterable<readonly [name: string, method: Handler]> {
  if (prototype === null || prototype === Object.prototype) return;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value === 'function' && name !== 'constructor') yield [name, value as Handler];
  }
  yield* methodsOf(Object.getPrototypeOf(prototype) as object | null);
}
