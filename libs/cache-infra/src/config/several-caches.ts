import { ValidationError } from '../base/errors.js';

/** The options of several caches: those of the first, and under `caches` those that the others override. */
export interface SeveralCaches {
  readonly name?: string | undefined;
  readonly keyPrefix?: string | undefined;
  readonly advanced?: object | undefined;
  readonly caches?: Readonly<Record<string, object>> | undefined;
}

/**
 * The caches beside the first, by name.
 *
 * @throws ValidationError unless they are a dictionary of options
 */
export function cachesBeside({ caches = {} }: SeveralCaches): Readonly<Record<string, object>> {
  if (isOptions(caches) && Object.values(caches).every(isOptions)) return caches;
  const message = 'caches must be a dictionary: { sessions: { defaultTtl: 900 } }';
  throw new ValidationError([{ path: 'caches', message }], 'CacheInfraModule');
}

/** The options of one of them: its own over those beside `caches`, also each under `advanced`. */
export function optionsBeside(given: SeveralCaches, name: string): object {
  const { caches = {}, keyPrefix, name: _first, ...shared } = given;
  // Two caches with one prefix would share their keys.
  const own = keyPrefix === undefined ? {} : { keyPrefix: `${keyPrefix}.${name}` };
  const its: { readonly advanced?: unknown } = caches[name] ?? {};
  const both = { ...shared, ...own, ...its, name };
  if (!isOptions(given.advanced) || !isOptions(its.advanced)) return both;
  return { ...both, advanced: { ...given.advanced, ...its.advanced } };
}

function isOptions(value: unknown): value is Readonly<Record<string, object>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
