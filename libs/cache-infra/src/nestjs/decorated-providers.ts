import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import { ValidationError, type ValidationProblem } from '../errors.js';
import { factsOf } from './facts-lookup.js';
import { findCache, missingCache, namespacesOf } from './cache-lookup.js';
import { CacheRegistry } from './cache-registry.js';
import { decorationsOf, effectiveOptions, type Decoration } from './decorated-method.js';
import type { MethodOptions } from './decorator-options.js';
import { attachModuleRef, detachModuleRef } from './method-injection.js';
import { keyPrefix, labelOf } from './method-key.js';
import { unknownFact } from './method-variant.js';
import { defaultCacheName, featureToken, type CacheFeature } from './tokens.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** A class that an application uses, or an object that it was given instead of one. */
interface Provided {
  readonly prototype: object;
  readonly instance: unknown;
  /** Of the module that it stands in. */
  readonly feature: CacheFeature | undefined;
}

/** A decorated method of a class, as it will be called. */
interface Placed {
  readonly decoration: Decoration;
  /** After the defaults of the class. */
  readonly options: MethodOptions;
  /** `Class.method`. */
  readonly label: string;
}

/**
 * Looks at every provider and controller when the application starts. Decorated methods have to name caches and facts that
 * exist, and two classes of one name must not share default keys. Objects that Nest did not make are joined to the application.
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
    const prefixes = new Map<string, Named>();
    for (const { prototype, instance, feature } of this.#provided(problems)) {
      const placed = allPlacedOf(prototype);
      if (placed.length === 0) continue;
      problems.push(
        ...this.#missingCaches(placed),
        ...this.#unknownFacts(placed),
        ...sharedPrefixes(prototype, placed, feature, prefixes),
      );
      if (attachModuleRef(instance, this.moduleRef, feature)) this.#joined.push(instance);
    }
    const distinct = [...new Map(problems.map((problem) => [problem.message, problem])).values()];
    if (distinct.length > 0) throw new ValidationError(distinct, 'CacheInfraModule');
  }

  onApplicationShutdown(): void {
    for (const instance of this.#joined.splice(0)) detachModuleRef(instance);
  }

  #missingCaches(placed: readonly Placed[]): ValidationProblem[] {
    return placed.flatMap(({ options: { cache = defaultCacheName }, label }) =>
      findCache(this.moduleRef, cache) === undefined
        ? [missingCache(cache, label, this.registry.names())]
        : [],
    );
  }

  #unknownFacts(placed: readonly Placed[]): ValidationProblem[] {
    const names = Object.keys(factsOf(this.moduleRef));
    return placed.flatMap(({ options: { vary = [] }, label }) =>
      vary.filter((name) => !names.includes(name)).map((name) => unknownFact(name, label, names)),
    );
  }

  *#provided(problems: ValidationProblem[]): Iterable<Provided> {
    for (const module of this.modules.values()) {
      const feature = featureOfModule(module, problems);
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        const { metatype } = wrapper;
        const instance: unknown = wrapper.isTransient ? undefined : wrapper.instance;
        const isClass = typeof metatype === 'function' && wrapper.inject == null;
        const prototype: unknown = isClass ? metatype.prototype : prototypeOf(instance);
        if (typeof prototype === 'object' && prototype !== null) yield { prototype, instance, feature };
      }
    }
  }
}

/** What `forFeature` says to a module. Twice is once too often: which of the two would its `Cache` be? */
function featureOfModule(module: NestModule, problems: ValidationProblem[]): CacheFeature | undefined {
  const features = [...module.imports].flatMap((imported) => {
    const instance: unknown = imported.providers.get(featureToken)?.instance;
    return instance === undefined ? [] : [instance as CacheFeature];
  });
  const caches = features.map(({ cache }) => cache);
  if (new Set(caches).size < caches.length) {
    const names = features.map(({ namespace }) => `forFeature('${namespace}')`).join(' and ');
    const message = `${module.name} imports ${names}: a module has one namespace, give the other its own module`;
    problems.push({ path: module.name, message });
  }
  return features[0];
}

function prototypeOf(instance: unknown): unknown {
  return typeof instance === 'object' && instance !== null ? Object.getPrototypeOf(instance) : undefined;
}

function allPlacedOf(prototype: object): readonly Placed[] {
  const all: Placed[] = [];
  for (let owner: object | null = prototype; owner !== null; owner = prototypeOf(owner) as object | null) {
    for (const decoration of decorationsOf(owner)) {
      const options = effectiveOptions(decoration, prototype);
      all.push({ decoration, options, label: labelOf(decoration) });
    }
  }
  return all;
}

/** The first with a default key. */
interface Named {
  readonly prototype: object;
  readonly name: string | symbol;
}

/** The default keys of two classes of one name, or of two symbols that read alike, would be the same, and one would get the other's values. */
function sharedPrefixes(
  prototype: object,
  placed: readonly Placed[],
  feature: CacheFeature | undefined,
  prefixes: Map<string, Named>,
): ValidationProblem[] {
  return placed.flatMap(({ decoration, options }) => {
    if (!decoration.hasDefaultKey) return [];
    const prefix = keyPrefix(prototype, decoration);
    const { cache = defaultCacheName } = options;
    const id = JSON.stringify([cache, namespacesOf(options, feature), prefix]);
    const first = prefixes.get(id) ?? { prototype, name: decoration.name };
    prefixes.set(id, first);
    if (first.prototype === prototype && first.name === decoration.name) return [];
    const two = first.prototype === prototype ? 'methods' : 'classes of the same name';
    const message = `${prefix} is the default key of two ${two}: give @Cacheable() a key, or rename one`;
    return [{ path: prefix, message }];
  });
}
