import type { DynamicModule, Provider, Type } from '@nestjs/common';

import { AiCacheService, type AiCacheSettings } from '../ai/index.js';
import type { Cache } from '../cache/cache.js';
import { CacheFactory } from '../config/cache-factory.js';
import { ValidationError } from '../errors.js';
import { getAiCacheToken } from './ai-tokens.js';
import { CacheInfraCoreModule } from './cache-infra-core.module.js';
import { CacheRegistry } from './cache-registry.js';
import type { AnswerOptions, CacheInfraAsyncOptions, CacheInfraOptionsFactory } from './module-options.js';
import { defaultCacheName, getCacheToken } from './tokens.js';

const optionsToken = Symbol('CacheInfraModule options');

/** Where the options of a cache come from, and who sees the cache. */
export interface OptionsSource {
  readonly name: string | undefined;
  readonly isGlobal: boolean | undefined;
  readonly imports?: DynamicModule['imports'];
  readonly providers: Provider[];
}

/** A source, and which of the factory's ways to make a cache of it. */
interface Plan extends OptionsSource {
  readonly way: 'create' | 'createAi' | 'forTesting';
}

/** What is given to `forRoot()` and its like. */
interface GivenOptions {
  readonly name?: string | undefined;
  readonly isGlobal?: boolean | undefined;
}

export function optionsOf({ isGlobal, ...options }: GivenOptions): OptionsSource {
  return { name: options.name, isGlobal, providers: [{ provide: optionsToken, useValue: options }] };
}

/** @throws ValidationError unless there is exactly one of `useFactory`, `useClass` and `useExisting` */
export function optionsFrom<O>(source: CacheInfraAsyncOptions<O>): OptionsSource {
  const { name, isGlobal, imports = [] } = source;
  return { name, isGlobal, imports, providers: optionsProviders(source) };
}

function optionsProviders<O>({
  inject,
  useFactory,
  useClass,
  useExisting,
}: CacheInfraAsyncOptions<O>): Provider[] {
  const [way, ...others] = [useFactory, useClass, useExisting].filter((it) => it !== undefined);
  if (way === undefined || others.length > 0) {
    throw new ValidationError('give one of useFactory, useClass and useExisting', 'CacheInfraModule');
  }
  if (useFactory !== undefined) return [{ provide: optionsToken, useFactory, inject: inject ?? [] }];
  const make = {
    provide: optionsToken,
    useFactory: (maker: CacheInfraOptionsFactory<O>) => maker.createCacheOptions(),
    inject: [way],
  };
  return useClass === undefined ? [make] : [useClass, make];
}

/** The module that makes one cache, and an {@link AiCacheService} on it when the way says so. */
export function cacheModule(module: Type, plan: Plan): DynamicModule {
  const { name = defaultCacheName, isGlobal = true, imports = [], providers, way } = plan;
  const token = getCacheToken(name);
  const cache: Provider = {
    provide: token,
    inject: [CacheFactory, CacheRegistry, optionsToken],
    useFactory: (factory: CacheFactory, registry: CacheRegistry, given: GivenOptions) =>
      registry.register(name, factory.prepare(way, cacheOptions(given, name, way))),
  };
  const ai = way === 'createAi' ? [aiProvider(name)] : [];
  return {
    module,
    global: isGlobal,
    imports: [CacheInfraCoreModule, ...imports],
    providers: [...providers, cache, ...ai],
    exports: [token, ...ai.map(({ provide }) => provide)],
  };
}

function aiProvider(name: string) {
  return {
    provide: getAiCacheToken(name),
    inject: [getCacheToken(name), CacheRegistry, optionsToken],
    useFactory: (cache: Cache, registry: CacheRegistry, given: AnswerOptions) => {
      const { defaultTtl, operationTtls, textHashThreshold, clock } = registry.optionsOf(name) ?? {};
      const settings: AiCacheSettings = {
        ...{ defaultTtl, operationTtls, textHashThreshold, clock },
        ...answerOptions(given),
      };
      const monitor = registry.monitorOf(name);
      return new AiCacheService(cache, { ...settings, monitor });
    },
  };
}

function answerOptions({ prices, maxTtl, jitter, completeFinishReasons }: AnswerOptions): AnswerOptions {
  return { prices, maxTtl, jitter, completeFinishReasons };
}

/** The options of the cache itself. Its name is known from the module, which has made a token of it. */
function cacheOptions(given: GivenOptions, name: string, way: Plan['way']): GivenOptions {
  if (given.name !== undefined && given.name !== name) {
    const message = `name '${given.name}' has to stand beside useFactory, not in what it returns`;
    throw new ValidationError([{ path: 'name', message }], 'CacheInfraModule');
  }
  const others = way === 'createAi' ? ofAnswers : [];
  const own = Object.entries(given).filter(([option]) => option !== 'isGlobal' && !others.includes(option));
  return { ...Object.fromEntries(own), name };
}

/** Of the answers, not of the cache: a `jitter` beside them is theirs. */
const ofAnswers: readonly string[] = [
  'prices',
  'maxTtl',
  'jitter',
  'completeFinishReasons',
] satisfies (keyof AnswerOptions)[];
