import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import { ValidationError, type ValidationProblem } from '../errors.js';
import { missingCache, provider } from './cache-lookup.js';
import { CacheRegistry } from './cache-registry.js';
import { decorationsOf, type Decoration } from './decorated-method.js';
import { attachModuleRef, detachModuleRef } from './method-injection.js';
import { keyPrefix, labelOf } from './method-key.js';
import { defaultCacheName, getCacheToken } from './tokens.js';

/** A class that an application uses, or an object that it was given instead of one. */
interface Provided {
  readonly prototype: object;
  readonly instance: unknown;
}

/**
 * Looks at every provider and controller when the application starts. Decorated methods have to name caches that exist,
 * and two classes of one name must not share default keys. Objects that Nest did not make are joined to the application.
 */
@Injectable()
export class DecoratedProviders implements OnModuleInit, OnApplicationShutdown {
  readonly #joined: unknown[] = [];

  constructor(
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly registry: CacheRegistry,
  ) {}

  /** @throws ValidationError that lists every problem */
  onModuleInit(): void {
    const problems: ValidationProblem[] = [];
    const prefixes = new Map<string, object>();
    for (const { prototype, instance } of this.#provided()) {
      const decorations = allDecorationsOf(prototype);
      if (decorations.length === 0) continue;
      problems.push(...this.#missingCaches(decorations), ...sharedPrefixes(prototype, decorations, prefixes));
      if (attachModuleRef(instance, this.moduleRef)) this.#joined.push(instance);
    }
    const distinct = [...new Map(problems.map((problem) => [problem.message, problem])).values()];
    if (distinct.length > 0) throw new ValidationError(distinct, 'CacheInfraModule');
  }

  onApplicationShutdown(): void {
    for (const instance of this.#joined.splice(0)) detachModuleRef(instance);
  }

  #missingCaches(decorations: readonly Decoration[]): ValidationProblem[] {
    return decorations
      .filter(({ cache }) => provider(this.moduleRef, getCacheToken(cache)) === undefined)
      .map((it) => missingCache(it.cache ?? defaultCacheName, labelOf(it), this.registry.names()));
  }

  *#provided(): Iterable<Provided> {
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        const { metatype } = wrapper;
        const instance: unknown = wrapper.isTransient ? undefined : wrapper.instance;
        const isClass = typeof metatype === 'function' && wrapper.inject == null;
        const prototype: unknown = isClass ? metatype.prototype : prototypeOf(instance);
        if (typeof prototype === 'object' && prototype !== null) yield { prototype, instance };
      }
    }
  }
}

function prototypeOf(instance: unknown): unknown {
  return typeof instance === 'object' && instance !== null ? Object.getPrototypeOf(instance) : undefined;
}

function allDecorationsOf(prototype: object): readonly Decoration[] {
  const all: Decoration[] = [];
  for (let owner: object | null = prototype; owner !== null; owner = prototypeOf(owner) as object | null) {
    all.push(...decorationsOf(owner));
  }
  return all;
}

/** The default keys of two classes of one name would be the same, and one would get the other's values. */
function sharedPrefixes(
  prototype: object,
  decorations: readonly Decoration[],
  prefixes: Map<string, object>,
): ValidationProblem[] {
  return decorations.flatMap((decoration) => {
    if (!decoration.hasDefaultKey) return [];
    const prefix = keyPrefix(prototype, decoration);
    const { cache = defaultCacheName, namespace } = decoration;
    const id = JSON.stringify([cache, namespace, prefix]);
    const first = prefixes.get(id) ?? prototype;
    prefixes.set(id, first);
    if (first === prototype) return [];
    const message = `${prefix} is the default key of two classes of the same name: give @Cacheable() a key, or rename one`;
    return [{ path: prefix, message }];
  });
}
