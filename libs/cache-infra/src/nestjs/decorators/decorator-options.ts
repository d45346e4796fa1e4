import type { Observable } from 'rxjs';

import type { ClassReference, Revive, Tiers, Ttl } from '../../cache/contract/options.js';

/** Any function, for a constraint: nothing can call it. */
type AnyFunction = (...args: never[]) => unknown;

/* eslint-disable @typescript-eslint/no-explicit-any --
   The parameters of a function in the options are known when the decorator meets its method, and checked there (`Fits`). Until then
   only `any` lets a function without annotations compile: with `never` or `unknown` it could use nothing of what it is given. */
/** A function in the options: of the arguments of the method, with the instance as `this`. */
export type OfCall<R> = (this: any, ...args: any[]) => R;
/** A function in the options: of the result and the arguments of the method, with the instance as `this`. */
export type OfResult<R> = (this: any, result: any, ...args: any[]) => R;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** Where an entry of a method stands, and when the cache is asked at all. */
export interface MethodOptions {
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /** A namespace of that cache. Default: none. */
  readonly namespace?: string | undefined;
  /**
   * Facts about the request that each have an entry of their own: `['tenant', 'user']`. What they are is said by
   * `CacheInfraModule.forRoot({ vary })` or a `CacheVaryProvider`. A call of which one is not known is not cached.
   */
  readonly vary?: readonly string[] | undefined;
  /** Called with the arguments, and the instance as `this`; `false` = as if the method had no decorator. */
  readonly condition?: OfCall<boolean> | undefined;
}

/** How the result of a method is stored. */
export interface StoringOptions extends MethodOptions {
  /**
   * Life of an entry, or a function of the result and the arguments that gives it (`undefined` = the default; 0 = never expires):
   * `ttl: (token: Token) => token.expiresIn`. Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | OfResult<Ttl | undefined> | undefined;
  /** Life in the L1 of this process, where that should be shorter. Default: the cache's `l1Ttl`, else as long as in Redis. */
  readonly l1Ttl?: Ttl | undefined;
  /** How long the result is kept beyond its ttl, for when the method fails or is slow. Default: the cache's `grace`. */
  readonly grace?: Ttl | undefined;
  /** Takes up to this fraction (0-1) off the ttl, at random. Default: the cache's `jitter`. */
  readonly jitter?: number | undefined;
  /** The tiers that are asked and told. Default `'both'`. */
  readonly tiers?: Tiers | undefined;
  /**
   * The class of the result, or of its items: a class, or an arrow function that gives one. Callers get instances of it, on a hit too.
   * Without it, a result that would come back without its methods, accessors, private state or class-transformer decorators is returned as
   * it is, not stored, and reported once.
   */
  readonly as?: ClassReference | undefined;
  /** Makes of a stored result what callers get, in place of `as`. */
  readonly revive?: Revive | undefined;
  /** True: instances in the result are stored as plain objects, and come back as those. Default: the cache's `plain`. */
  readonly plain?: boolean | undefined;
  /** Tags of the entry, or a function of the arguments that gives them, with the instance as `this`. */
  readonly tags?: readonly string[] | OfCall<readonly string[]> | undefined;
  /** More tags, by the result: a function of the result and the arguments. For entries that name others: `(order) => order.productIds`. */
  readonly resultTags?: OfResult<readonly string[]> | undefined;
  /**
   * Called with the result and the arguments, and the instance as `this`; `true` = the result is not stored. When `unless`, `ttl` or
   * `resultTags` throws, the caller gets the result all the same; it is not stored, and one warning says so.
   */
  readonly unless?: OfResult<boolean> | undefined;
}

export interface CacheableOptions extends StoringOptions {
  /**
   * A function of the arguments, with the instance as `this`, or a text that is the key as it stands: for methods without parameters.
   * Default: `Class.method:<digest of the arguments>`.
   */
  readonly key?: string | OfCall<string> | undefined;
  /** Fraction of the ttl (0-1, both excluded) after which a hit also runs the method, in the background. Default: the cache's. */
  readonly refreshAhead?: number | undefined;
  /** A result past its ttl is at hand: it is returned after waiting this long for the method. Default: the cache's. */
  readonly softTimeout?: Ttl | undefined;
  /** No result is at hand: the call rejects with `CacheTimeoutError` after this long. Default: the cache's. */
  readonly hardTimeout?: Ttl | undefined;
  /** One run across all instances, not only in this process. Default: the cache's `lock`. */
  readonly lock?: boolean | undefined;
}

export interface CachePutOptions extends StoringOptions {
  /** A function of the arguments, with the instance as `this`, or a text that is the key as it stands. */
  readonly key: string | OfCall<string>;
}

/** What is evicted: at least one of `key`, `tags`, `pattern` and `allEntries`. */
export interface CacheEvictOptions extends MethodOptions {
  /** One key, or a function of the arguments that gives one or several. */
  readonly key?: string | OfCall<string | readonly string[]> | undefined;
  /** Every entry that carries one of these. */
  readonly tags?: readonly string[] | OfCall<readonly string[]> | undefined;
  /** Every key that matches: `*` any run, `?` one character, `\` escapes. */
  readonly pattern?: string | OfCall<string> | undefined;
  /** Everything in the namespace; without one everything in the cache, HTTP responses included, of which a warning tells at boot. */
  readonly allEntries?: boolean | undefined;
  /** Evict before the method runs, and also when it fails. Default false: after it succeeded. */
  readonly beforeInvocation?: boolean | undefined;
}

/** What `@CacheDefaults` can say for all methods of a class. */
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
  | 'refreshAhead'
  | 'softTimeout'
  | 'hardTimeout'
  | 'lock'
> & {
  /** Life of an entry. Default: the cache's `defaultTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Tags of every entry, unless the method gives its own. */
  readonly tags?: readonly string[] | undefined;
};

/** A method that can be decorated: it returns a promise, or an Observable. */
export type AsyncMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** What a method has to offer to a cache. */
type ResultOf<M extends AnyFunction> =
  IsAny<ReturnType<M>> extends true
    ? ReturnType<M>
    : ReturnType<M> extends Observable<infer V>
      ? V
      : Awaited<ReturnType<M>>;

type IsAny<T> = 0 extends 1 & T ? true : false;

interface OneByOne {
  'an async iterable cannot be cached: return a promise of all its values': never;
}

/** `unknown` for a method that can be decorated, else what to do about it. Of `any` nothing is known, so it passes. */
type Decoratable<M extends AnyFunction> = true extends IsAny<ReturnType<M>> | IsAny<ResultOf<M>>
  ? unknown
  : [ReturnType<M>] extends [never]
    ? unknown
    : [ReturnType<M>] extends [AsyncIterable<unknown>]
      ? OneByOne
      : [ReturnType<M>] extends [PromiseLike<unknown> | Observable<unknown>]
        ? [ResultOf<M>] extends [never]
          ? unknown
          : [ResultOf<M>] extends [AsyncIterable<unknown>]
            ? OneByOne
            : unknown
        : { 'a cached method returns a promise: make the method async, and await it in its callers': never };

/** The options that are functions of the arguments. */
type OfArguments = 'key' | 'tags' | 'pattern' | 'condition';
/** The options that are functions of the result and the arguments. */
type OfTheResult = 'ttl' | 'resultTags' | 'unless';

/** The functions of an option, with the parameters `A`. */
type WithParameters<Option, A extends readonly unknown[]> =
  Extract<Option, AnyFunction> extends (...args: never[]) => infer R
    ? | Exclude<Option, AnyFunction>
      | ((this: ThisParameterType<Extract<Option, AnyFunction>>, ...args: A) => R)
    : Option;

/** The options of a decorator whose method is named: `@Cacheable<Products['find']>({ key: (id, page) => … })`. */
export type MethodOptionsFor<O, M extends AnyFunction> = [M] extends [never]
  ? never
  : {
      // Mapped as they stand in `O`: what is optional stays so, and `key` of @CachePut is required.
      readonly [K in keyof O]: K extends OfArguments
        ? WithParameters<O[K], Parameters<M>>
        : K extends OfTheResult
          ? WithParameters<O[K], [result: ResultOf<M>, ...args: Parameters<M>]>
          : O[K];
    };

/** A decorator for one method that was named. */
export type NamedMethodDecorator<M extends AnyFunction> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M>,
) => void;

/** Those of `F` that are functions have to take the arguments `A`, and an instance of `T` as `this`. */
type Takes<F, A extends readonly unknown[], T> = [Extract<F, AnyFunction>] extends [
  (this: T, ...args: A) => unknown,
]
  ? true
  : false;

/** Holds what was inferred to the names of `A`: a misspelt option does not compile. */
export type Known<O, A> = Readonly<Record<Exclude<keyof O, keyof A>, never>>;

type Option<O, K extends string> = K extends keyof O ? O[K] : undefined;

/** `unknown` when every function in the options takes the parameters of the method. */
type Fits<O, M extends AnyFunction, T> = false extends
  | { [K in OfArguments]: Takes<Option<O, K>, Parameters<M>, T> }[OfArguments]
  | { [K in OfTheResult]: Takes<Option<O, K>, [ResultOf<M>, ...Parameters<M>], T> }[OfTheResult]
  ? { 'a function in the options does not take the parameters (or the result) of the method': never }
  : unknown;

/** A decorator for methods whose parameters and result fit the functions in `O`. */
export type CacheMethodDecorator<O> = <T extends object, M extends AnyFunction>(
  target: T,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M> & Fits<O, M, T>,
) => void;

/** What both kinds are at run time. */
export type UntypedMethodDecorator = (
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
) => void;
