import type { DynamicModule, InjectionToken, Provider, Type } from '@nestjs/common';

import { AiCacheService, type AiCacheSettings } from '../../ai/index.js';
import type { Cache } from '../../cache/contract/cache.js';
import { CacheFactory } from '../../config/cache-factory.js';
import { cachesBeside } from '../../config/several-caches.js';
import { assertOptions, oneOf } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import { fleetOptions } from '../../fleet/fleet-options.js';
import { getAiCacheToken, namedAiToken, ownAiCacheToken, rootAiToken } from '../registry/ai-tokens.js';
import { CacheInfraCoreModule } from './cache-infra-core.module.js';
import { CacheRegistry, nameTaken } from '../registry/cache-registry.js';
import {
  answerOptions,
  assertMadeOptions,
  assertOptionsObject,
  cacheOptions,
  type GivenOptions,
} from './given-options.js';
import type {
  AnswerOptions,
  CacheInfraAsyncOptions,
  CacheInfraConfig,
  CacheInfraOptionsFactory,
} from './module-options.js';
import type { OptionsSource, Plan } from './plan.js';
import {
  defaultCacheName,
  getCacheToken,
  madeByMethod,
  rootCacheToken,
  getWholeCacheToken,
} from '../registry/tokens.js';

const optionsToken = Symbol('CacheInfraModule options');

/** @throws ValidationError when the options are not an object, or `caches` is not a dictionary */
export function optionsOf(given: GivenOptions): OptionsSource {
  assertOptionsObject(given);
  const { isGlobal, ...options } = given;
  const caches = Object.keys(cachesBeside(options));
  return { name: options.name, caches, isGlobal, providers: [{ provide: optionsToken, useValue: options }] };
}

/** @throws ValidationError unless there is exactly one of `useFactory`, `useClass` and `useExisting` */
export function optionsFrom<O>(source: CacheInfraAsyncOptions<O>): OptionsSource {
  const { name, caches = [], isGlobal, imports = [] } = source;
  if (!Array.isArray(caches)) {
    const message = `caches next to useFactory must be a list of names: caches: ['${Object.keys(caches)[0] ?? 'sessions'}']`;
    throw new ValidationError([{ path: 'caches', message }], 'CacheInfraModule');
  }
  return { name, caches, isGlobal, imports, providers: optionsProviders(source) };
}

function optionsProviders<O>({
  inject,
  useFactory,
  useClass,
  useExisting,
}: CacheInfraAsyncOptions<O>): Provider[] {
  const [way, ...others] = [useFactory, useClass, useExisting].filter((it) => it !== undefined);
  if (way === undefined || others.length > 0) {
    throw new ValidationError('give exactly one of useFactory, useClass and useExisting', 'CacheInfraModule');
  }
  if (useFactory !== undefined) return [{ provide: optionsToken, useFactory, inject: inject ?? [] }];
  const make = {
    provide: optionsToken,
    useFactory: (maker: CacheInfraOptionsFactory<O>) => maker.createCacheOptions(),
    inject: [way],
  };
  return useClass === undefined ? [make] : [useClass, make];
}

/**
 * The module that provides a cache, its additional caches, and an {@link AiCacheService} when created by `forAi`.
 *
 * @throws ValidationError when two caches have the same name
 */
export function cacheModule(module: Type, plan: Plan): DynamicModule {
  const { name = defaultCacheName, caches, isGlobal = true, imports = [], providers, way } = plan;
  const names = [name, ...caches];
  const twice = names.find((each, index) => names.indexOf(each) < index);
  if (twice !== undefined) throw nameTaken(twice);
  const isUnnamedAi = way === 'createAi' && plan.name === undefined;
  const first = isUnnamedAi
    ? unnamedAiProviders(plan)
    : [...cacheProviders(name, plan), ...rootProviders(name)];
  const made = [...first, ...caches.flatMap((each) => cacheProviders(each, plan))];
  const ai = way === 'createAi' && !isUnnamedAi ? namedAiProviders(name) : [];
  return {
    module,
    global: isGlobal,
    imports: [CacheInfraCoreModule, ...imports],
    providers: [madeByMethod, ...providers, ...made, ...ai],
    exports: [...made, ...ai].map(({ provide }) => provide),
  };
}

function cacheProviders(name: string, plan: Plan) {
  const token = getCacheToken(name);
  const cache = {
    provide: token,
    inject: [CacheFactory, CacheRegistry, optionsToken],
    useFactory: (factory: CacheFactory, registry: CacheRegistry, given: GivenOptions) =>
      makeCache(factory, registry, given, { name, plan }),
  };
  return [cache, { provide: getWholeCacheToken(name), useExisting: token }];
}

function rootProviders(name: string) {
  return name === defaultCacheName ? [{ provide: rootCacheToken, useExisting: getCacheToken(name) }] : [];
}

/** The name of an unnamed `forAi()` cache in an application with `forRoot()`, whose cache is the default one. */
const besideRoot = 'ai';

/**
 * Without a `forRoot()`, the cache of an unnamed `forAi()` is the default cache. Next to a `forRoot()` it is named
 * {@link besideRoot}, and `Cache` stays the cache of `forRoot()`.
 */
function unnamedAiProviders(plan: Plan) {
  const root = { token: rootCacheToken, optional: true };
  const own = {
    provide: ownAiCacheToken,
    inject: [CacheFactory, CacheRegistry, optionsToken, root],
    useFactory: (factory: CacheFactory, registry: CacheRegistry, given: GivenOptions, rootCache?: Cache) =>
      makeCache(factory, registry, given, {
        name: rootCache === undefined ? defaultCacheName : besideRoot,
        plan,
      }),
  };
  const cache = {
    provide: getCacheToken(),
    inject: [root, ownAiCacheToken],
    useFactory: (rootCache: Cache | undefined, ownCache: Cache) => rootCache ?? ownCache,
  };
  return [
    own,
    cache,
    { provide: getWholeCacheToken(), useExisting: getCacheToken() },
    besideRootAlias(getCacheToken(besideRoot), getWholeCacheToken(besideRoot), ownAiCacheToken),
    aiProvider(getAiCacheToken(), ownAiCacheToken),
    { provide: rootAiToken, useExisting: getAiCacheToken() },
    besideRootAlias(getAiCacheToken(besideRoot), namedAiToken(besideRoot), getAiCacheToken()),
  ];
}

/** Provides `own` by the name {@link besideRoot}, unless another module has a cache of that name, under `other`. */
function besideRootAlias<T>(provide: InjectionToken<T>, other: InjectionToken<T>, own: InjectionToken<T>) {
  return {
    provide,
    inject: [{ token: other, optional: true }, own],
    useFactory: (named: T | undefined, unnamed: T) => named ?? unnamed,
  };
}

/** `AiCacheService` injects the named service too, unless the application has an unnamed one. */
function namedAiProviders(name: string) {
  const token = getAiCacheToken(name);
  const own = aiProvider(token, getCacheToken(name));
  if (token === AiCacheService) return [own, { provide: rootAiToken, useExisting: token }];
  const byClass = {
    provide: getAiCacheToken(),
    inject: [{ token: rootAiToken, optional: true }, token],
    useFactory: (root: AiCacheService | undefined, named: AiCacheService) => root ?? named,
  };
  return [own, byClass, { provide: namedAiToken(name), useExisting: token }];
}

const moduleChecks = { evictions: oneOf('now', 'commit'), fleet: fleetOptions };

function makeCache(
  factory: CacheFactory,
  registry: CacheRegistry,
  given: GivenOptions & Pick<CacheInfraConfig, 'vary' | 'evictions' | 'fleet'>,
  { name, plan }: { readonly name: string; readonly plan: Plan },
): Cache {
  assertMadeOptions(given);
  const { vary, evictions, fleet, ...options } = given;
  assertOptions('CacheInfraModule', { evictions, fleet }, moduleChecks);
  registry.setFleet(fleet ?? (plan.way === 'forTesting' ? false : undefined));
  if (evictions !== undefined) registry.setEvictions(name, evictions);
  if (vary !== undefined) registry.addFacts(vary);
  const isBesideRoot = plan.name === undefined && name === besideRoot && !plan.caches.includes(name);
  const own = { ...cacheOptions(options, isBesideRoot ? defaultCacheName : name, plan), name };
  try {
    return registry.register(name, factory.prepare(plan.way, own));
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    // Name the cache that the options are for, not the factory method.
    const subject = name === defaultCacheName ? 'CacheInfraModule' : `CacheInfraModule (cache '${name}')`;
    throw new ValidationError(error.problems, subject);
  }
}

function aiProvider(provide: InjectionToken<AiCacheService>, cacheToken: InjectionToken) {
  return {
    provide,
    inject: [cacheToken, CacheRegistry, optionsToken],
    useFactory: (cache: Cache, registry: CacheRegistry, given: GivenOptions & AnswerOptions) => {
      const { defaultTtl, operationTtls, textHashThreshold, advanced, logger } =
        registry.optionsOf(cache.name) ?? {};
      const settings: AiCacheSettings = {
        ...{ defaultTtl, operationTtls, textHashThreshold, clock: advanced?.clock, logger },
        ...answerOptions(given),
      };
      const monitor = registry.monitorOf(cache.name);
      return new AiCacheService(cache, { ...settings, monitor });
    },
  };
}
