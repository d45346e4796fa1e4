/**
 * A class whose instances come back as what they were, from every tier and wherever they stand in a value.
 *
 * ```ts
 * const money: CacheType<Money, string> = {
 *   name: 'Money',
 *   is: (value) => value instanceof Money,
 *   encode: (value) => value.toString(),
 *   decode: (stored) => Money.parse(stored),
 * };
 * const cache = new RedisCache({ redisUrl, types: [money] });
 * ```
 */
export interface CacheType<T = unknown, S = unknown> {
  /** Stands in stored entries: never rename it, and give it to no other class. */
  readonly name: string;
  /** Whether an object is of this type. Asked for objects that are no plain ones. */
  is(value: object): boolean;
  /** What is stored: any value that a cache can store. */
  encode(value: T): S;
  /** Makes an instance of what `encode` gave. A stored value that makes it throw is a miss. */
  decode(stored: S): T;
}

/** The types of a cache, by their names. */
export class CacheTypes {
  readonly #types: readonly CacheType[];

  constructor(types: readonly CacheType[] = []) {
    this.#types = types;
  }

  /** The type of an object; `undefined` = none. */
  of(value: object): CacheType | undefined {
    return this.#types.find((type) => type.is(value));
  }

  named(name: string): CacheType | undefined {
    return this.#types.find((type) => type.name === name);
  }
}
