import type { AiOutput } from '../../ai/index.js';
import type { Ttl } from '../../cache/contract/options.js';
import type {
  AnyFunction,
  Decoratable,
  OfCall,
  OfResult,
  Option,
  ResultOf,
  Takes,
} from './decorator-options.js';

export interface AiCachedOptions {
  /** The operation, as in `ai.run`. Only one method of an application has it. */
  readonly operation: string;
  /** The name of the `forAi({ name })`. Default: the service that `AiCacheService` injects. */
  readonly cache?: string | undefined;
  /**
   * The request: a function of the arguments, with the instance as `this`, that returns an object with everything that
   * determines the answer. `model`, `tenant` and `promptVersion` can be selected by `ai.invalidate`. Default: `{ args }`,
   * all arguments.
   */
  readonly request?: OfCall<object> | undefined;
  /**
   * The owner of the answer, a function of the arguments, with the instance as `this`. It is added to the request as
   * `tenant`. A call for which it returns `undefined`, `null` or `''` fails with `ValidationError`.
   */
  readonly tenant?: OfCall<unknown> | undefined;
  /**
   * The facts about the answer, a function of the result and the arguments: `(result) => ({ value: result, usage:
   * result.usage, finishReason: result.finishReason })`. All callers get its `value`. Default: `{ value: result }`,
   * without usage and finish reason.
   *
   * If it throws, the caller receives the result, which is not stored, and one warning is logged.
   */
  readonly output?: OfResult<AiOutput<unknown>> | undefined;
  /** Ttl of the answer. Default: that of the operation. */
  readonly ttl?: Ttl | undefined;
  /** Tags of the answer, or a function of the arguments that returns them, at most 32. */
  readonly tags?: readonly string[] | OfCall<readonly string[]> | undefined;
  /** Called with the arguments, and the instance as `this`; `false` = the call bypasses the cache. */
  readonly condition?: OfCall<boolean> | undefined;
}

/** Options that are functions of the arguments. */
type OfArguments = 'request' | 'tenant' | 'tags' | 'condition';

/** `unknown` if every function in the options accepts the method's parameters, or its result. */
type FitsCall<O, M extends AnyFunction, T> = false extends
  | { [K in OfArguments]: Takes<Option<O, K>, Parameters<M>, T> }[OfArguments]
  | Takes<Option<O, 'output'>, [ResultOf<M>, ...Parameters<M>], T>
  ? { 'a function in the options does not take the parameters (or the result) of the method': never }
  : unknown;

/** `unknown` if the value of `output` is a result of the method. */
type FitsOutput<O, M extends AnyFunction> =
  Option<O, 'output'> extends (...args: never[]) => { readonly value: infer V }
    ? [V] extends [ResultOf<M>]
      ? unknown
      : { 'the value of output is not a result of the method': never }
    : unknown;

/** A decorator for methods whose parameters and result fit the functions in `O`. */
export type AiCachedDecorator<O> = <T extends object, M extends AnyFunction>(
  target: T,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Decoratable<M> & FitsCall<O, M, T> & FitsOutput<O, M>,
) => void;
