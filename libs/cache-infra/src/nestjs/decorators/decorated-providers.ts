import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import { factsOf } from '../vary/facts-lookup.js';
import { aiProblems } from './ai-methods.js';
import { findCache, missingCache } from './cache-lookup.js';
import { CacheRegistry } from '../registry/cache-registry.js';
import { decoratedBy, type Decorated, type ClassMethod } from './decorated-class.js';
import type { CacheEvictOptions } from './decorator-options.js';
import { attachFactoryInstances } from './factory-instances.js';
import { differsBy, wrappersOf, type NestModule } from './instance-origin.js';
import { literalProblems } from './literal-keys.js';
import { attachModuleRef, detachModuleRef } from './method-injection.js';
import { unknownFact } from './method-variant.js';
import { sharedKeys, warnOfNumberedNames } from './shared-keys.js';
import { trackClasses, untrackClasses } from './unmanaged-instances.js';
import { defaultCacheName, featureToken, type CacheFeature } from '../registry/tokens.js';

/**
 * Checks every decorated method at application start: of providers, controllers, enhancers and middleware. Each must
 * name existing caches and facts, and no two may share keys by accident. Also attaches instances that Nest did not
 * create to the application.
 */
@Injectable()
export class DecoratedProviders implements OnModuleInit, OnApplicationShutdown {
  readonly #attached: unknown[] = [];
  readonly #logger = new Logger('CacheInfra');

  constructor(
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly registry: CacheRegistry,
  ) {}

  /** @throws ValidationError that lists every problem */
  onModuleInit(): void {
    const problems: ValidationProblem[] = [];
    const all = [...this.#decorated(problems)];
    for (const { methods, instance, feature } of all) {
      problems.push(
        ...this.#missingCaches(methods),
        ...this.#unknownFacts(methods),
        ...methods.flatMap(literalProblems),
      );
      this.#warnOfWholeCaches(methods, feature);
      if (attachModuleRef(instance, { moduleRef: this.moduleRef, feature })) this.#attached.push(instance);
    }
    problems.push(...sharedKeys(this.modules, all), ...aiProblems(this.moduleRef, all));
    const distinct = [...new Map(problems.map((problem) => [problem.message, problem])).values()];
    if (distinct.length > 0) throw new ValidationError(distinct, 'CacheInfraModule');
    warnOfNumberedNames(all, (cache) => !(findCache(this.moduleRef, cache) instanceof InMemoryCache));
    const prototypes = all.map(({ prototype }) => prototype);
    trackClasses(this, prototypes);
  }

  onApplicationShutdown(): void {
    untrackClasses(this);
    for (const instance of this.#attached.splice(0)) detachModuleRef(instance);
  }

  #missingCaches(methods: readonly ClassMethod[]): ValidationProblem[] {
    return methods.flatMap(({ options: { cache = defaultCacheName }, label }) =>
      findCache(this.moduleRef, cache) === undefined
        ? [missingCache(cache, label, this.registry.names())]
        : [],
    );
  }

  #unknownFacts(methods: readonly ClassMethod[]): ValidationProblem[] {
    const names = Object.keys(factsOf(this.moduleRef));
    return methods.flatMap(({ options: { vary = [] }, label }) =>
      vary.filter((name) => !names.includes(name)).map((name) => unknownFact(name, label, names)),
    );
  }

  #warnOfWholeCaches(methods: readonly ClassMethod[], feature: CacheFeature | undefined): void {
    for (const { options, label } of methods) {
      const { allEntries, cache, namespace } = options as CacheEvictOptions;
      if (allEntries !== true || cache !== undefined || namespace !== undefined || feature !== undefined)
        continue;
      this.#logger.warn(
        `@CacheEvict({ allEntries: true }) on ${label} clears the whole default cache, including HTTP responses and the entries of all other classes: set a namespace with @CacheDefaults({ namespace }) or forFeature(), or confirm with cache: '${defaultCacheName}'`,
      );
    }
  }

  *#decorated(problems: ValidationProblem[]): Iterable<Decorated> {
    for (const module of this.modules.values()) {
      const feature = featureOfModule(module, problems);
      for (const wrapper of wrappersOf(module)) {
        const attachment = { moduleRef: this.moduleRef, feature, madeFor: differsBy(wrapper) };
        for (const instance of attachFactoryInstances(wrapper, attachment)) this.#attached.push(instance);
        const decorated = decoratedBy(wrapper, feature);
        if (decorated !== undefined) yield decorated;
      }
    }
  }
}

/** The `forFeature` namespace of a module. A second one for the same cache is a problem: `Cache` would be ambiguous. */
function featureOfModule(module: NestModule, problems: ValidationProblem[]): CacheFeature | undefined {
  const features = [...module.imports].flatMap((imported) => {
    const instance: unknown = imported.providers.get(featureToken)?.instance;
    return instance === undefined ? [] : [instance as CacheFeature];
  });
  const caches = features.map(({ cache }) => cache);
  if (new Set(caches).size < caches.length) {
    const names = features.map(({ namespace }) => `forFeature('${namespace}')`).join(' and ');
    const message = `${module.name} imports ${names}: a module has one namespace, import the other in a module of its own`;
    problems.push({ path: module.name, message });
  }
  return features[0];
}
