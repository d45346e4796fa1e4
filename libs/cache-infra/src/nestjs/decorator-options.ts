import type { Observable } from 'rxjs';

import type { Tiers, Ttl } from '../cache/options.js';

/** Any function, for a constraint: nothing can call it. */
type AnyFunction = (...args: never[]) => unknown;

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
  /** Called with the arguments; `false` = as if the method had no decorator. */
  readonly condition?: ((...args: never[]) => boolean) | undefined;
}

/** How the result of a method is stored. */
export interface StoringOptions extends MethodOptions {
  /** Life of an entry. Default: the cache's `defaultTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Life in the L1 of this process, where that should be shorter. Default: the cache's `l1Ttl`, else as long as in Redis. */
  readonly l1Ttl?: Ttl | undefined;
  /** How long the result is kept beyond its ttl, for when the method fails or is slow. Default: the cache's `grace`. */
  readonly grace?: Ttl | undefined;
  /** Takes up to this fraction (0-1) off the ttl, at random. Default: the cache's `jitter`. */
  readonly jitter?: number | undefined;
  /** The tiers that are asked and told. Default `'both'`. */
  readonly tiers?: Tiers | undefined;
  /** Tags of the entry, or a function of the arguments that gives them. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
  /** Called with the result and the arguments; `true` = the result is not stored. */
  readonly unless?: ((result: never, ...args: never[]) => boolean) | undefined;
}

export interface CacheableOptions extends StoringOptions {
  /** A function of the arguments, or a text that is the key as it stands. Default: `Class.method:<digest of the arguments>`. */
  readonly key?: string | ((...args: never[]) => string) | undefined;
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
  /** A function of the arguments, or a text that is the key as it stands. */
  readonly key: string | ((...args: never[]) => string);
}

/** What is evicted: at least one of `key`, `tags`, `pattern` and `allEntries`. */
export interface CacheEvictOptions extends MethodOptions {
  /** One key, or a function of the arguments that gives one or several. */
  readonly key?: string | ((...args: never[]) => string | readonly string[]) | undefined;
  /** Every entry that carries one of these. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
  /** Every key that matches: `*` any run, `?` one character, `\` escapes. */
  readonly pattern?: string | ((...args: never[]) => string) | undefined;
  /** Everything in the cache. */
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
  | 'ttl'
  | 'l1Ttl'
  | 'grace'
  | 'jitter'
  | 'tiers'
  | 'refreshAhead'
  | 'softTimeout'
  | 'hardTimeout'
  | 'lock'
> & {
  /** Tags of every entry, unless the method gives its own. */
  readonly tags?: readonly string[] | undefined;
};

/** A method that can be decorated: it returns a promise, or an Observable. */
export type AsyncMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** What a method has to offer to a cache. */
type ResultOf<M extends AnyFunction> = ReturnType<M> extends Observable<infer V> ? V : Awaited<ReturnType<M>>;

/** `unknown` for a method that can be decorated, else what to do about it. */
type Decoratable<M extends AnyFunction> = [ReturnType<M>] extends [never]
  ? unknown
  : [ReturnType<M>] extends [AsyncIterable<unknown>]
    ? {
        'an async iterable gives its values one by one and cannot be cached: return a promise of all of them': never;
      }
    : [ReturnType<M>] extends [PromiseLike<unknown> | Observable<unknown>]
      ? [ResultOf<M>] extends [never]
        ? unknown
        : [ResultOf<M>] extends [AsyncIterable<unknown>]
          ? {
              'an async iterable gives its values one by one and cannot be cached: return a promise of all of them': never;
            }
          : unknown
      : { 'a cache has to be waited for: make the method async, and await it where it is called': never };

/** The arguments of a method, for the functions in its options. */
type OfArguments<M extends AnyFunction, R> = (...args: Parameters<M>) => R;

/** The options of a decorator whose method is named: `@Cacheable<Products['find']>({ key: (id, page) => … })`. */
export type MethodOptionsFor<O, M extends AnyFunction> = [M] extends [never]
  ? never
  : Omit<O, 'key' | 'tags' | 'pattern' | 'condition' | 'unless'> & {
      // Mapped from `Pick`, so that they stand as in `O`: required where they are, and with what an editor shows of them.
      readonly [K in keyof Pick<O, keyof O & ('key' | 'tags' | 'pattern' | 'condition')>]:
        Exclude<O[K], AnyFunction> | OfArguments<M, ReturnType<Extract<O[K], AnyFunction>>>;
    } & {
      readonly [K in keyof Pick<O, keyof O & 'unless'>]:
        ((result: ResultOf<M>, ...args: Parameters<M>) => boolean) | undefined;
    };

/** A decorator for one method that was named. */
export type NamedMethodDecorator<M extends AnyFunction> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M>,
) => void;

/** Those of `F` that are functions have to take the arguments `A`. */
type Takes<F, A extends readonly unknown[]> = [Extract<F, AnyFunction>] extends [(...args: A) => unknown]
  ? true
  : false;

/** Holds what was inferred to the names of `A`: a misspelt option does not compile. */
export type Known<O, A> = Readonly<Record<Exclude<keyof O, keyof A>, never>>;

type Option<O, K extends string> = K extends keyof O ? O[K] : undefined;

/** `unknown` when every function in the options takes the parameters of the method. */
type Fits<O, M extends AnyFunction> = false extends
  | Takes<Option<O, 'key'>, Parameters<M>>
  | Takes<Option<O, 'tags'>, Parameters<M>>
  | Takes<Option<O, 'pattern'>, Parameters<M>>
  | Takes<Option<O, 'condition'>, Parameters<M>>
  | Takes<Option<O, 'unless'>, [result: ResultOf<M>, ...args: Parameters<M>]>
  ? { 'a function in the options does not take the parameters (or the result) of the method': never }
  : unknown;

/** A decorator for methods whose parameters and result fit the functions in `O`. */
export type CacheMethodDecorator<O> = <M extends AnyFunction>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M> & Fits<O, M>,
) => void;

/** What both kinds are at run time. */
export type UntypedMethodDecorator = (
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
) => void;
