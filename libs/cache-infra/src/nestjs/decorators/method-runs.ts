import { AsyncLocalStorage } from 'node:async_hooks';

import type { Cache } from '../../cache/contract/cache.js';

/** Keys of one run of a method. */
type Keys = Pick<ReadonlySet<string>, 'has'>;

/** The entries that the calls leading here are loading, innermost first. */
interface Loading {
  readonly cache: Cache;
  readonly keys: Keys;
  readonly outer: Loading | undefined;
}

const loading = new AsyncLocalStorage<Loading>();

/** Errors thrown by methods, as opposed to cache errors, for every caller that shares a run. */
const thrown = new WeakSet<object>();

/** True if this call is part of a run that loads the entry. */
export function isLoading(cache: Cache, key: string): boolean {
  for (let entry = loading.getStore(); entry !== undefined; entry = entry.outer) {
    if (entry.cache === cache && entry.keys.has(key)) return true;
  }
  return false;
}

/** Runs a method, which loads the entries of `keys`. */
export async function runLoading(cache: Cache, keys: Keys, run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await loading.run({ cache, keys, outer: loading.getStore() }, run);
  } catch (error) {
    if (typeof error === 'object' && error !== null) thrown.add(error);
    throw error;
  }
}

/** True for an error of a method that {@link runLoading} ran. */
export function isThrown(error: unknown): boolean {
  return typeof error !== 'object' || error === null || thrown.has(error);
}
