import type { ModuleRef } from '@nestjs/core';

import { ValidationError } from '../errors.js';
import type { CacheContext } from './cache-context.js';
import { CacheRegistry } from './cache-registry.js';

/** The value of a fact. `undefined`, `null` and `''`: not known, and the call is not cached. */
export type CacheFactValue = string | number | bigint | boolean | null | undefined;

/** Says one fact about the request that a method is called for. */
export type CacheFact = (context: CacheContext) => CacheFactValue | Promise<CacheFactValue>;

/** By the name that `vary` gives them: `{ tenant: ({ request }) => request?.headers['x-tenant'] }`. */
export type CacheFacts = Readonly<Record<string, CacheFact>>;

/**
 * Facts from a provider, for those that need others injected: provide a class of yours under this token.
 *
 * ```ts
 * providers: [{ provide: CacheVaryProvider, useClass: RequestFacts }]
 * ```
 *
 * A singleton: what is particular to a request is in the context that each fact is called with.
 */
export abstract class CacheVaryProvider {
  abstract readonly facts: CacheFacts;
}

const known = new WeakMap<ModuleRef, CacheFacts>();
const none: CacheFacts = {};

/**
 * The facts of the application: those of `forRoot({ vary })` and those of {@link CacheVaryProvider}.
 *
 * @throws ValidationError when both say the same, or when the provider is not a singleton
 */
export function factsOf(moduleRef: ModuleRef): CacheFacts {
  const before = known.get(moduleRef);
  if (before !== undefined) return before;
  const facts = mergeFacts([registeredFacts(moduleRef), providedFacts(moduleRef)]);
  known.set(moduleRef, facts);
  return facts;
}

/** @throws ValidationError when a fact is there twice */
export function mergeFacts(sources: readonly CacheFacts[]): CacheFacts {
  const merged: Record<string, CacheFact> = {};
  for (const [name, fact] of sources.flatMap((facts) => Object.entries(facts))) {
    if (Object.hasOwn(merged, name) && merged[name] !== fact) {
      const message = `vary.${name} is said twice: facts are the application's, say each in one forRoot() or CacheVaryProvider`;
      throw new ValidationError([{ path: `vary.${name}`, message }], 'CacheInfraModule');
    }
    merged[name] = fact;
  }
  return merged;
}

function registeredFacts(moduleRef: ModuleRef): CacheFacts {
  try {
    return moduleRef.get(CacheRegistry, { strict: false }).facts();
  } catch {
    return none;
  }
}

function providedFacts(moduleRef: ModuleRef): CacheFacts {
  try {
    return moduleRef.get(CacheVaryProvider, { strict: false }).facts;
  } catch (error) {
    // Nest's own error classes are not exported from their package.
    if (error instanceof Error && error.constructor.name === 'InvalidClassScopeException') {
      throw new ValidationError(
        'CacheVaryProvider has to be a singleton, without request-scoped dependencies: its facts get the request from their context',
        'CacheInfraModule',
      );
    }
    return none;
  }
}
