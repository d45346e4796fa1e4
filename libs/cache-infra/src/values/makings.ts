import { SerializationError } from '../base/errors.js';
import type { CacheType } from './cache-type.js';

/** The type and the encoded value from which a kept instance was decoded. */
export interface Making {
  readonly type: CacheType;
  readonly stored: unknown;
}

const makings = new WeakMap<object, Making>();
/** False until the first instance is decoded: saves the lookups. */
let hasMakings = false;

/**
 * Decodes an instance for a cache to keep, and remembers its encoded value.
 *
 * @param stored owned by the cache, not shared
 * @throws SerializationError when `decode` returns no instance of the type
 */
export function madeOf(type: CacheType, stored: unknown): object {
  const instance = type.decode(stored);
  if (typeof instance !== 'object' || instance === null || !type.is(instance))
    throw new SerializationError(`decode() of the type '${type.name}' returned no instance of it`);
  makings.set(instance, { type, stored });
  hasMakings = true;
  return instance;
}

/** The encoded value of a kept instance; `undefined` for every other object. */
export function makingOf(instance: object): Making | undefined {
  return hasMakings ? makings.get(instance) : undefined;
}
