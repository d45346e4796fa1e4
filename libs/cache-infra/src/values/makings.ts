import { SerializationError } from '../base/errors.js';
import type { CacheType } from './cache-type.js';

/** What an instance that a cache keeps was made of. */
export interface Making {
  readonly type: CacheType;
  readonly stored: unknown;
}

const makings = new WeakMap<object, Making>();
/** Nothing is looked up before there is anything. */
let hasMakings = false;

/**
 * An instance for a cache to keep, which remembers what it was made of.
 *
 * @param stored belongs to nobody else
 * @throws SerializationError when the type does not know what it made
 */
export function madeOf(type: CacheType, stored: unknown): object {
  const instance = type.decode(stored);
  if (typeof instance !== 'object' || instance === null || !type.is(instance))
    throw new SerializationError(`decode() of the type '${type.name}' returned no instance of it`);
  makings.set(instance, { type, stored });
  hasMakings = true;
  return instance;
}

/** What an instance that a cache keeps was made of; `undefined` for everything else. */
export function makingOf(instance: object): Making | undefined {
  return hasMakings ? makings.get(instance) : undefined;
}
