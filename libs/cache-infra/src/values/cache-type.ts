/**
 * Serializes a class, so that its instances come back as instances from every tier, anywhere in a value.
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
  /** Written into entries: never rename it, and never reuse it for another class. */
  readonly name: string;
  /** Whether an object is of this type. Not called for plain objects. */
  is(value: object): boolean;
  /** Returns the value to store: any value that a cache can store. */
  encode(value: T): S;
  /** Creates an instance from the value that `encode` returned. If it throws, the read is a miss. */
  decode(stored: S): T;
}

/** The types of a cache by name. */
export class CacheTypes {
  readonly #types: readonly CacheType[];

  constructor(types: readonly CacheType[] = []) {
    this.#types = types;
  }

  get isEmpty(): boolean {
    return this.#types.length === 0;
  }

  /** The registered type of an object, if any. */
  of(value: object): CacheType | undefined {
    return this.#types.find((type) => type.is(value));
  }

  named(name: string): CacheType | undefined {
    return this.#types.find((type) => type.name === name);
  }
}
