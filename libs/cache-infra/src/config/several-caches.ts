import { ValidationError } from '../base/errors.js';

/** The options of several caches in one place: those of the first, and under `caches` what the others say over them. */
export interface SeveralCaches {
  readonly name?: string | undefined;
  readonly keyPrefix?: string | undefined;
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

/** The options of one of them: what it says itself over what stands beside `caches`. */
export function optionsBeside(given: SeveralCaches, name: string): object {
  const { caches = {}, keyPrefix, name: _first, ...shared } = given;
  // Two caches of one prefix would have each other's keys.
  const own = keyPrefix === undefined ? {} : { keyPrefix: `${keyPrefix}.${name}` };
  return { ...shared, ...own, ...caches[name], name };
}

function isOptions(value: unknown): value is Readonly<Record<string, object>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
