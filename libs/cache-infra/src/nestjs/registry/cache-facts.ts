import {
  assertOptions,
  functionValue,
  objectValue,
  problemsAt,
  type NestedCheck,
} from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import type { CacheContext } from './cache-context.js';

/** The names that a fact may have. */
export const factName = /^[\w-]+$/;

/** The value of a fact. `undefined`, `null` and `''` mean unknown: the call is not cached. */
export type CacheFactValue = string | number | bigint | boolean | null | undefined;

/** Returns one fact about the request that a method is called for. */
export type CacheFact = (context: CacheContext) => CacheFactValue | Promise<CacheFactValue>;

/** Facts by the names that `vary` uses: `{ tenant: ({ request }) => request?.headers['x-tenant'] }`. */
export type CacheFacts = Readonly<Record<string, CacheFact>>;

/**
 * Facts from a provider, for facts with dependencies: provide your class under this token.
 *
 * ```ts
 * providers: [{ provide: CacheVaryProvider, useClass: RequestFacts }]
 * ```
 *
 * The provider must be a singleton: each fact receives the request in its context.
 */
export abstract class CacheVaryProvider {
  abstract readonly facts: CacheFacts;
}

const dictionaryOfFacts: NestedCheck = {
  problems(path, value) {
    const problem = objectValue(value);
    if (problem !== undefined) return [{ path, message: `${path} ${problem}` }];
    return Object.entries(value as object).flatMap(([name, fact]) =>
      problemsAt(`${path}.${name}`, fact, (it) =>
        factName.test(name) ? functionValue(it) : 'must have a name of letters, digits, - and _',
      ),
    );
  },
};

/** @throws ValidationError when a fact is declared twice, or is not a function */
export function mergeFacts(sources: readonly CacheFacts[]): CacheFacts {
  const merged: Record<string, CacheFact> = {};
  for (const facts of sources)
    assertOptions('CacheInfraModule', { vary: facts }, { vary: dictionaryOfFacts });
  for (const [name, fact] of sources.flatMap((facts) => Object.entries(facts))) {
    if (Object.hasOwn(merged, name) && merged[name] !== fact) {
      const message = `vary.${name} is declared twice: a fact applies to the whole application, declare it in one forRoot() or CacheVaryProvider`;
      throw new ValidationError([{ path: `vary.${name}`, message }], 'CacheInfraModule');
    }
    merged[name] = fact;
  }
  return merged;
}
