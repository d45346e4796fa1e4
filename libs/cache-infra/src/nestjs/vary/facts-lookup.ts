import type { ModuleRef } from '@nestjs/core';

import { ValidationError } from '../../base/errors.js';
import { CacheVaryProvider, mergeFacts, type CacheFacts } from '../registry/cache-facts.js';
import { registryOf, type CacheRegistry } from '../registry/cache-registry.js';

/** The facts found, and their sources: a lazily loaded module may add facts. */
interface Known {
  readonly registry: CacheRegistry | undefined;
  readonly registered: CacheFacts;
  readonly facts: CacheFacts;
}

const known = new WeakMap<ModuleRef, Known>();
const none: CacheFacts = {};

/**
 * The facts of the application, from `forRoot({ vary })` and {@link CacheVaryProvider}.
 *
 * @throws ValidationError when both declare the same fact, or when the provider is not a singleton
 */
export function factsOf(moduleRef: ModuleRef): CacheFacts {
  const before = known.get(moduleRef);
  const now = before?.registry?.facts() ?? none;
  if (before?.registered === now) return before.facts;
  const registry = registryOf(moduleRef);
  const registered = registry?.facts() ?? none;
  const provided = providedFacts(moduleRef);
  const said = mergeFacts([registered, provided ?? none]);
  const facts = registry?.hasRoutesWithoutContext === true ? late(said, registry) : said;
  // Don't remember the result while the provider of facts does not exist yet.
  if (provided !== undefined) known.set(moduleRef, { registry, registered, facts });
  return facts;
}

/**
 * Facts that were declared after the routes were created. A call without a context may belong to a request, so its
 * facts are unknown.
 */
function late(facts: CacheFacts, registry: CacheRegistry): CacheFacts {
  const all = Object.entries(facts);
  if (all.length > 0) registry.tellOfLateFacts(Object.keys(facts));
  return Object.fromEntries(
    all.map(([name, fact]) => [name, (context) => (context.type === 'none' ? undefined : fact(context))]),
  );
}

/** The facts of {@link CacheVaryProvider}; undefined while its instance does not exist yet. */
function providedFacts(moduleRef: ModuleRef): CacheFacts | undefined {
  try {
    const facts: unknown = moduleRef.get<CacheVaryProvider | null>(CacheVaryProvider, {
      strict: false,
    })?.facts;
    return facts === undefined ? undefined : (facts as CacheFacts);
  } catch (error) {
    // Nest's own error classes are not exported from their package.
    if (error instanceof Error && error.constructor.name === 'InvalidClassScopeException') {
      throw new ValidationError(
        'CacheVaryProvider must be a singleton without request-scoped dependencies: each fact receives the request in its context',
        'CacheInfraModule',
      );
    }
    return error instanceof Error && error.constructor.name === 'UnknownElementException' ? none : undefined;
  }
}
