import { Logger } from '@nestjs/common';
import { ModulesContainer, type ModuleRef } from '@nestjs/core';

import { AiCacheService } from '../../ai/index.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import { getAiCacheToken, rootAiToken } from '../registry/ai-tokens.js';
import { registryOf } from '../registry/cache-registry.js';
import { isPending, provider } from '../registry/provided.js';
import { moduleRefOf } from './method-injection.js';

const logger = new Logger('CacheInfra');
const warned = new WeakSet<object>();

/**
 * The AI cache of a decorated method. Undefined, and the method runs uncached, when Nest did not create the instance,
 * while the application starts, and when the application has no cache module: then one warning is logged.
 *
 * @throws ValidationError when the application has caches, but not this AI cache
 */
export function aiFor(
  instance: object,
  name: string | undefined,
  method: string,
): AiCacheService | undefined {
  const moduleRef = moduleRefOf(instance);
  if (moduleRef === undefined) return undefined;
  const ai = findAi(moduleRef, name);
  if (ai !== undefined) return ai;
  if (isPending(moduleRef, getAiCacheToken(name))) return undefined;
  if (registryOf(moduleRef) !== undefined) throw new ValidationError([missingAi(name, method)]);
  const owner: unknown = Object.getPrototypeOf(instance);
  if (typeof owner === 'object' && owner !== null && !warned.has(owner)) {
    warned.add(owner);
    logger.warn(`${method} runs uncached: the application does not import CacheInfraModule.forAi()`);
  }
  return undefined;
}

/** The service that `@InjectAiCache(name)` injects; undefined also while its instance does not exist yet. */
export function findAi(moduleRef: ModuleRef, name: string | undefined): AiCacheService | undefined {
  const own = name === undefined ? provider(moduleRef, rootAiToken) : undefined;
  const ai: unknown = own ?? provider(moduleRef, getAiCacheToken(name));
  return ai instanceof AiCacheService ? ai : undefined;
}

/** The problem of a method whose AI cache the application does not have. */
export function missingAi(name: string | undefined, method: string): ValidationProblem {
  const which = name === undefined ? 'an AI cache' : `the AI cache '${name}'`;
  const remedy =
    name === undefined ? 'CacheInfraModule.forAi()' : `CacheInfraModule.forAi({ name: '${name}' })`;
  const message = `${method} has @AiCached(), which needs ${which}: import ${remedy}; forRoot() creates none`;
  return { path: method, message };
}

/** The problem of a method that names no AI cache in an application with several named ones. */
export function ambiguousAi(moduleRef: ModuleRef, method: string): ValidationProblem | undefined {
  if (provider(moduleRef, rootAiToken) !== undefined) return undefined;
  const modules = provider(moduleRef, ModulesContainer);
  const all = [...(modules?.values() ?? [])].flatMap(({ providers }) => {
    const instance: unknown = providers.get(AiCacheService)?.instance;
    return instance instanceof AiCacheService ? [instance] : [];
  });
  if (new Set(all).size < 2) return undefined;
  const message = `${method} has @AiCached() without a name, but the application has several AI caches: name one, cache: '…'`;
  return { path: method, message };
}
