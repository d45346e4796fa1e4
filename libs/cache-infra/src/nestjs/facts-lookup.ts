import type { ModuleRef } from '@nestjs/core';

import { ValidationError } from '../errors.js';
import { CacheVaryProvider, mergeFacts, type CacheFacts } from './cache-facts.js';
import { CacheRegistry } from './cache-registry.js';

/** What was found, and from what: a module that is loaded later may say more. */
interface Known {
  readonly registry: CacheRegistry | undefined;
  readonly registered: CacheFacts;
  readonly facts: CacheFacts;
}

const known = new WeakMap<ModuleRef, Known>();
const none: CacheFacts = {};

/**
 * The facts of the application: those of `forRoot({ vary })` and those of {@link CacheVaryProvider}.
 *
 * @throws ValidationError when both say the same, or when the provider is not a singleton
 */
export function factsOf(moduleRef: ModuleRef): CacheFacts {
  const before = known.get(moduleRef);
  const now = before?.registry?.facts() ?? none;
  if (before?.registered === now) return before.facts;
  const registry = registryOf(moduleRef);
  const registered = registry?.facts() ?? none;
  const said = mergeFacts([registered, providedFacts(moduleRef)]);
  const facts = registry?.hasRoutesWithoutContext === true ? late(said, registry) : said;
  known.set(moduleRef, { registry, registered, facts });
  return facts;
}

/** Facts that came after the routes: without a context there may be a request all the same, and then nothing is known of it. */
function late(facts: CacheFacts, registry: CacheRegistry): CacheFacts {
  const all = Object.entries(facts);
  if (all.length > 0) registry.tellOfLateFacts(Object.keys(facts));
  return Object.fromEntries(
    all.map(([name, fact]) => [name, (context) => (context.type === 'none' ? undefined : fact(context))]),
  );
}

function registryOf(moduleRef: ModuleRef): CacheRegistry | undefined {
  try {
    return moduleRef.get(CacheRegistry, { strict: false });
  } catch {
    return undefined;
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
