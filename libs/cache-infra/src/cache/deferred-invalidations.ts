import { AsyncLocalStorage } from 'node:async_hooks';

import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { InvalidationScope } from './invalidation-scope.js';

export interface DeferOptions {
  /**
   * True: a scope inside another scope is one of its own, for a transaction that commits before the outer one
   * (`REQUIRES_NEW`). Default false: it joins the outer scope.
   */
  readonly separate?: boolean | undefined;
}

/** undefined = no scope was opened in this process yet: a call on a cache pays this one check. */
let storage: AsyncLocalStorage<InvalidationScope | undefined> | undefined;

/**
 * Runs `work`, usually a transaction, and evicts after its commit: every invalidation inside `work`, by any cache of
 * this library, is recorded. It takes effect when the promise of `work` resolves, before this one does; it is dropped
 * when `work` rejects.
 *
 * ```ts
 * await deferInvalidations(() =>
 *   dataSource.transaction(async (manager) => {
 *     await manager.update(Product, id, change);
 *     await cache.invalidateTags(`product-${id}`); // after the commit
 *   }),
 * );
 * ```
 *
 * Inside a scope a cache stores nothing, since a value may come from rows that are not committed:
 *
 * - a read of a key or tag that the scope has invalidated is a miss, and every other hit is served;
 * - `getOrSet` loads on a miss; it neither joins a load of other callers nor stores its value;
 * - `set` becomes a delete of its key, which takes effect with the invalidations;
 * - `delete`, `deleteMany`, `markStale` and `invalidatePattern` return `false` or 0: nothing is removed yet.
 *
 * A scope inside another one joins it. Its invalidations stand even if it rejects: its changes are committed unless it
 * had a savepoint. A call that outlives `work` takes effect at once: await all work in the scope.
 *
 * @returns the result of `work`
 * @throws what `work` throws; with `onError: 'throw'` InfrastructureError, if an invalidation failed after `work` was
 *   done: the others are carried out nevertheless
 */
export async function deferInvalidations<T>(
  work: () => T | PromiseLike<T>,
  { separate = false }: DeferOptions = {},
): Promise<T> {
  if (typeof work !== 'function')
    throw new ValidationError(`work must be a function, got ${describeValue(work)}`);
  if (currentScope() !== undefined && !separate) return work();
  const scopes = (storage ??= new AsyncLocalStorage());
  const scope = new InvalidationScope();
  let result: T;
  try {
    result = await scopes.run(scope, work);
  } finally {
    scope.close();
  }
  // In a separate scope, the outer one must not record the invalidations.
  await outsideScope(() => scope.apply());
  return result;
}

/** The scope that the caller runs in; undefined = calls take effect at once. */
export function currentScope(): InvalidationScope | undefined {
  return storage === undefined ? undefined : openScope(storage);
}

function openScope(scopes: AsyncLocalStorage<InvalidationScope | undefined>): InvalidationScope | undefined {
  const scope = scopes.getStore();
  return scope?.isOpen === true ? scope : undefined;
}

/** Runs `work` outside of any scope: its calls take effect at once. */
export function outsideScope<T>(work: () => T): T {
  return storage === undefined ? work() : storage.run(undefined, work);
}
