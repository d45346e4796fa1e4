import type { ValueSchema } from '../../cache/contract/value-schema.js';
import type { Observable } from 'rxjs';

import type { Absent } from '../../cache/contract/bulk-load.js';
import type { ClassReference, Revive, Tiers, Ttl } from '../../cache/contract/options.js';
import type { EvictionTime } from '../registry/eviction-time.js';

/** Any function, as a type constraint; it cannot be called. */
export type AnyFunction = (...args: never[]) => unknown;

/* eslint-disable @typescript-eslint/no-explicit-any --
   `Fits` checks the parameters of these functions against the method, once the decorator meets it. Until then only
   `any` lets a function without annotations compile, such as `(user) => user.id`: the members of a parameter of type
   `never` or `unknown` cannot be used. The same holds for `this`. */
/** An option that is a function of the method's arguments, with the instance as `this`. */
export type OfCall<R> = (this: any, ...args: any[]) => R;
/** An option that is a function of the result and the arguments, with the instance as `this`. */
export type OfResult<R> = (this: any, result: any, ...args: any[]) => R;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** The location of a method's entries, and the condition for caching. */
export interface MethodOptions {
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /** A namespace of the cache. Default: none. */
  readonly namespace?: string | undefined;
  /**
   * Names of facts about the request, such as `['tenant', 'user']`: each combination of their values has its own entry.
   * `CacheInfraModule.forRoot({ vary })` or a `CacheVaryProvider` declares the facts. A call with an unknown fact is
   * not cached.
   */
  readonly vary?: readonly string[] | undefined;
  /** Called with the arguments, and the instance as `this`; `false` = the call bypasses the cache. */
  readonly condition?: OfCall<boolean> | undefined;
}

/** The storing options of a method's result. */
export interface StoringOptions extends MethodOptions {
  /**
   * The ttl of an entry, or a function of the result and the arguments that returns it (`undefined` = the default; 0 =
   * never expires): `ttl: (token: Token) => token.expiresIn`. Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | OfResult<Ttl | undefined> | undefined;
  /** The ttl in the L1 of this process, if shorter. Default: the cache's `l1Ttl`, else the ttl in Redis. */
  readonly l1Ttl?: Ttl | undefined;
  /**
   * How long a stale result is kept after its ttl, to be served when the method fails or is slow. Default: the cache's
   * `grace`.
   */
  readonly grace?: Ttl | undefined;
  /** Shortens the ttl by a random fraction up to this one (0-1). Default: the cache's `jitter`. */
  readonly jitter?: number | undefined;
  /** The tiers to read and write. Default `'both'`. */
  readonly tiers?: Tiers | undefined;
  /**
   * The class of the result or its items: a class, or an arrow function that returns one. Callers receive instances of
   * this class, also on a hit. Without `as`, a result that would lose methods, accessors, private state or
   * class-transformer decorators is returned unchanged, not stored, and reported once.
   */
  readonly as?: ClassReference | undefined;
  /** Converts a stored result for the caller, in place of `as`. */
  readonly revive?: Revive | undefined;
  /** True: instances in the result are stored, and returned, as plain objects. Default: the cache's `plain`. */
  readonly plain?: boolean | undefined;
  /**
   * Checks stored results: a Standard Schema of zod, valibot, arktype or others. A stored result that does not fit is a
   * miss: the method runs.
   */
  readonly schema?: ValueSchema | undefined;
  /**
   * Version of the shape of the result, a whole number from 1. Raise it when a release changes the shape: a stored
   * result of another version is a miss. Default: the cache's `version`.
   */
  readonly version?: number | undefined;
  /** Tags of the entry, or a function of the arguments that returns them, with the instance as `this`. */
  readonly tags?: readonly string[] | OfCall<readonly string[]> | undefined;
  /** Additional tags, a function of the result and the arguments: `(order) => order.productIds`. */
  readonly resultTags?: OfResult<readonly string[]> | undefined;
  /**
   * Called with the result and the arguments, and the instance as `this`; `true` = the result is not stored. If
   * `unless`, `ttl` or `resultTags` throws, the caller receives the result, which is not stored, and one warning is
   * logged.
   */
  readonly unless?: OfResult<boolean> | undefined;
}

export interface CacheableOptions extends StoringOptions {
  /**
   * Caches the items of a list one by one: the method takes an array as its first argument, and runs with the items
   * that are not cached. `true`: the method returns an array with one value for each item, in their order; `'map'`: a
   * Map by item. `key`, `tags`, `ttl`, `resultTags` and `unless` are then functions of one item (or its value) in place
   * of the array (or the result); `condition` stays a function of the whole call. Default: the result is one entry.
   */
  readonly each?: true | 'map' | undefined;
  /**
   * With `each`: an item for which the method returns `undefined`, or that its Map lacks. `'skip'`: it is returned as
   * such and not stored. `'null'`: `null` is stored and returned. Default `'skip'`.
   */
  readonly absent?: Absent | undefined;
  /** With `each`: most items of one run of the method. Default: all that are missing. */
  readonly chunkSize?: number | undefined;
  /** With `each` and `chunkSize`: most runs of the method at a time, for one call. Default 4. */
  readonly concurrency?: number | undefined;
  /**
   * A function of the arguments, with the instance as `this`, or a constant key for methods without parameters.
   * Default: `Class.method:<digest of the arguments>`.
   */
  readonly key?: string | OfCall<string> | undefined;
  /**
   * Fraction of the ttl (0-1, both excluded) after which a hit also runs the method in the background. Default: the
   * cache's.
   */
  readonly refreshAhead?: number | undefined;
  /** Returns a stale result after waiting this long for the method. Default: the cache's. */
  readonly softTimeout?: Ttl | undefined;
  /** Without a stale result, the call rejects with `CacheTimeoutError` after this long. Default: the cache's. */
  readonly hardTimeout?: Ttl | undefined;
  /**
   * Share of hits (0-1) that are verified: the method runs again in the background, and the results are compared.
   * Default: the cache's `verify`. Not with `each`.
   */
  readonly verify?: number | undefined;
  /** True: one run across all instances, not only in this process. Default: the cache's `lock`. */
  readonly lock?: boolean | undefined;
}

/** The options of `@CachePut`: exactly one of `key` and `resultKey` is required. */
export type CachePutOptions = PutByArguments | PutByResult;

interface PutByArguments extends StoringOptions {
  /** A function of the arguments, with the instance as `this`, or a constant key. */
  readonly key: string | OfCall<string>;
  /** Not together with `key`. */
  readonly resultKey?: undefined;
}

interface PutByResult extends StoringOptions {
  /** Not together with `resultKey`. */
  readonly key?: undefined;
  /**
   * The key, a function of the result and the arguments, with the instance as `this`, in place of `key`: for an id that
   * the method assigns, `(order) => `order:${order.id}``. If it throws, the result is not stored, and one warning is
   * logged.
   */
  readonly resultKey: OfResult<string>;
}

/**
 * The entries to evict: at least one of `key`, `tags`, `pattern`, `resultKey`, `resultTags` and `allEntries`. All that
 * are given apply.
 */
export interface CacheEvictOptions extends MethodOptions {
  /** A key, or a function of the arguments that returns one or several keys. */
  readonly key?: string | OfCall<string | readonly string[]> | undefined;
  /** Evicts every entry with one of these tags. */
  readonly tags?: readonly string[] | OfCall<readonly string[]> | undefined;
  /** Evicts every key that matches: `*` matches any run, `?` one character, `\` escapes. */
  readonly pattern?: string | OfCall<string> | undefined;
  /**
   * One or several keys, a function of the result and the arguments, with the instance as `this`: `(user) =>
   * `email:${user.email}``. Not with `beforeInvocation`. If `resultKey` or `resultTags` throws, the caller receives
   * the result, the other options apply, and one warning is logged.
   */
  readonly resultKey?: OfResult<string | readonly string[]> | undefined;
  /** Evicts every entry with one of these tags, a function of the result and the arguments. As `resultKey`. */
  readonly resultTags?: OfResult<readonly string[]> | undefined;
  /**
   * Evicts the whole namespace; without a namespace the whole cache, HTTP responses included, with a warning at start.
   */
  readonly allEntries?: boolean | undefined;
  /** True: evicts before the method runs, even if it fails. Default false: after the method succeeds. */
  readonly beforeInvocation?: boolean | undefined;
  /**
   * When an eviction takes effect. Default: the module's `evictions`, or else with the scope of `deferInvalidations`
   * where there is one, and at once where there is none.
   *
   * - `'commit'`: the same, and one warning is logged when the method is called outside of a scope.
   * - `'now'`: at once, also in a scope.
   */
  readonly when?: EvictionTime | undefined;
  /**
   * True: the entries become stale instead of being removed, so that callers get the old value within its grace while
   * one of them loads ({@link Cache.markStale}, {@link Cache.expireTags}). Entries without grace are removed. Not with
   * `pattern` or `allEntries`. Default false.
   */
  readonly markStale?: boolean | undefined;
}

/** The options that `@CacheDefaults` sets for all methods of a class. */
export type CacheDefaultsOptions = Pick<
  CacheableOptions,
  | 'cache'
  | 'namespace'
  | 'vary'
  | 'l1Ttl'
  | 'grace'
  | 'jitter'
  | 'tiers'
  | 'plain'
  | 'version'
  | 'refreshAhead'
  | 'softTimeout'
  | 'hardTimeout'
  | 'lock'
  | 'verify'
> & {
  /** The ttl of entries. Default: the cache's `defaultTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Tags of every entry of a method without its own tags. */
  readonly tags?: readonly string[] | undefined;
};

/** A cacheable method: it returns a promise or an Observable. */
export type AsyncMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** The cacheable value of a method. */
export type ResultOf<M extends AnyFunction> =
  IsAny<ReturnType<M>> extends true
    ? ReturnType<M>
    : ReturnType<M> extends Observable<infer V> | Promise<infer V>
      ? V
      : Awaited<ReturnType<M>>;

type IsAny<T> = 0 extends 1 & T ? true : false;

interface OneByOne {
  'an async iterable cannot be cached: return a promise of all its values': never;
}

/**
 * `unknown` for a cacheable method, else an error message. A method that returns `any` passes. It looks at the return
 * type alone: a condition on the `E` of `Promise<E>` stays undecided in a class `Repository<E>`, and no method would
 * pass. A promise of an async iterable is refused by the call.
 */
export type Decoratable<M extends AnyFunction> =
  IsAny<ReturnType<M>> extends true
    ? unknown
    : [ReturnType<M>] extends [never]
      ? unknown
      : [ReturnType<M>] extends [AsyncIterable<unknown>]
        ? OneByOne
        : [ReturnType<M>] extends [PromiseLike<unknown> | Observable<unknown>]
          ? unknown
          : {
              'a cached method returns a promise: make the method async, and await it in its callers': never;
            };

/** Options that are functions of the arguments. */
type OfArguments = 'key' | 'tags' | 'pattern' | 'condition';
/** Those of them that are functions of one item with `each`. */
type OfItems = Exclude<OfArguments, 'condition'>;
/** Options that are functions of the result and the arguments. */
type OfTheResult = 'ttl' | 'resultKey' | 'resultTags' | 'unless';

/** An option whose functions take the parameters `A`. */
type WithParameters<Option, A extends readonly unknown[]> = [Extract<Option, AnyFunction>] extends [never]
  ? Option
  : Extract<Option, AnyFunction> extends (...args: never[]) => infer R
    ? | Exclude<Option, AnyFunction>
      | ((this: ThisParameterType<Extract<Option, AnyFunction>>, ...args: A) => R)
    : Option;

/** The parameters of a method of many items, with one item in place of the array; `never` for another method. */
type OfItem<A extends readonly unknown[]> = A extends readonly [infer First, ...infer Rest]
  ? IsAny<First> extends true
    ? [item: First, ...rest: Rest]
    : [First] extends [readonly (infer Item)[]]
      ? [item: Item, ...rest: Rest]
      : never
  : never;

/** The value of one item, of what a method of many items returns; `never` for another result. */
type ItemValueOf<E, R> =
  IsAny<R> extends true
    ? R
    : E extends 'map'
      ? R extends ReadonlyMap<unknown, infer V>
        ? Exclude<V, undefined>
        : never
      : R extends readonly (infer V)[]
        ? Exclude<V, undefined>
        : never;

/** `unknown` for a method whose shape fits the option `each`, else an error message. */
type FitsEach<E, M extends AnyFunction> = [E] extends [undefined]
  ? unknown
  : [OfItem<Parameters<M>>] extends [never]
    ? { 'a method with each takes an array as its first argument': never }
    : [E] extends ['map']
      ? [ResultOf<M>] extends [ReadonlyMap<OfItem<Parameters<M>>[0], unknown>]
        ? unknown
        : { "a method with each: 'map' returns a Map by the items of its first argument": never }
      : [ResultOf<M>] extends [readonly unknown[]]
        ? unknown
        : { 'a method with each: true returns an array, with one value for each item': never };

/** The arguments of the functions in the options. */
type ArgumentsOf<E, M extends AnyFunction> = [E] extends [undefined] ? Parameters<M> : OfItem<Parameters<M>>;

/** The result that the functions in the options get. */
type ResultFor<E, M extends AnyFunction> = [E] extends [undefined]
  ? ResultOf<M>
  : ItemValueOf<E, ResultOf<M>>;

/** The options of a decorator for many items, whose method is named. */
export type EachOptionsFor<M extends AnyFunction> = [M] extends [never]
  ? never
  : EachOptionsWith<true, M> | EachOptionsWith<'map', M>;

type EachOptionsWith<E extends true | 'map', M extends AnyFunction> = {
  readonly [K in keyof CacheableOptions]: K extends 'condition'
    ? WithParameters<CacheableOptions[K], Parameters<M>>
    : K extends OfArguments
      ? WithParameters<CacheableOptions[K], OfItem<Parameters<M>>>
      : K extends OfTheResult
        ? WithParameters<CacheableOptions[K], [result: ItemValueOf<E, ResultOf<M>>, ...OfItem<Parameters<M>>]>
        : CacheableOptions[K];
} & { readonly each: E };

/** The options of a decorator for one result. */
export type SingleOptions = CacheableOptions & { readonly each?: undefined };

/** The options of a decorator whose method is named: `@Cacheable<Products['find']>({ key: (id, page) => … })`. */
export type MethodOptionsFor<O, M extends AnyFunction> = [M] extends [never]
  ? never
  : {
      // A homomorphic mapping keeps modifiers: `key` of @CachePut stays required.
      readonly [K in keyof O]: K extends OfArguments
        ? WithParameters<O[K], Parameters<M>>
        : K extends OfTheResult
          ? WithParameters<O[K], [result: ResultOf<M>, ...args: Parameters<M>]>
          : O[K];
    };

/** A decorator for one named method. */
export type NamedMethodDecorator<M extends AnyFunction> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M>,
) => void;

/** True if the functions of `F` accept the arguments `A`, and an instance of `T` as `this`. */
export type Takes<F, A extends readonly unknown[], T> = [Extract<F, AnyFunction>] extends [
  (this: T, ...args: A) => unknown,
]
  ? true
  : false;

/** Rejects properties that `A` lacks: a misspelt option does not compile. */
export type Known<O, A> = Readonly<Record<Exclude<keyof O, keyof A>, never>>;

export type Option<O, K extends string> = K extends keyof O ? O[K] : undefined;

/** `unknown` if every function in the options accepts the method's parameters. */
type Fits<O, M extends AnyFunction, T, E = Option<O, 'each'>> = false extends
  | Takes<Option<O, 'condition'>, Parameters<M>, T>
  | { [K in OfItems]: Takes<Option<O, K>, ArgumentsOf<E, M>, T> }[OfItems]
  | {
      [K in OfTheResult]: Takes<Option<O, K>, [ResultFor<E, M>, ...ArgumentsOf<E, M>], T>;
    }[OfTheResult]
  ? { 'a function in the options does not take the parameters (or the result) of the method': never }
  : unknown;

/** A decorator for methods whose parameters and result fit the functions in `O`. */
export type CacheMethodDecorator<O> = <T extends object, M extends AnyFunction>(
  target: T,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M> & FitsEach<Option<O, 'each'>, M> & Fits<O, M, T>,
) => void;

/** The runtime type of both kinds of decorators. */
export type UntypedMethodDecorator = (
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
) => void;
