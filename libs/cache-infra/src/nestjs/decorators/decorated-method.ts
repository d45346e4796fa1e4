import 'reflect-metadata';

import { cacheFor, type MethodCache } from './cache-lookup.js';
import { effectiveOptions, remember, type Decoration, type MethodDecoration } from './decoration.js';
import type { MethodOptions } from './decorator-options.js';
import { assertDecoratable, type PlainMethod } from './decorated-target.js';
import { doubtOfKeys } from './default-keys.js';
import { warnOnce } from './method-errors.js';
import { moduleRefOf } from './method-injection.js';
import { warnOfUnmanaged } from './unmanaged-instances.js';
import { labelOf, type DecoratedMethod } from './method-key.js';
import { readsInstance, settled, wrapMethod } from './wrapped-method.js';

/** One call of a decorated method that has a cache. */
export interface MethodCall extends MethodCache {
  readonly method: DecoratedMethod;
  /** `Class.method`, for messages. */
  readonly label: string;
  readonly instance: object;
  readonly args: readonly unknown[];
  /**
   * Runs the original method, with the arguments of the call or others. Of an Observable, resolves to the value that it
   * completes with.
   */
  invoke(args?: readonly unknown[]): Promise<unknown>;
}

/** The behavior of a decorator, called with the options merged over the class defaults. */
type Run<O> = (call: MethodCall, options: O) => Promise<unknown>;

/**
 * Wraps a method in `run`, as {@link wrapMethod} says.
 *
 * @throws ValidationError when the target is not a cacheable method
 */
export function decorateMethod<O extends MethodOptions>(
  decoration: Decoration & { readonly options: O },
  descriptor: PropertyDescriptor | undefined,
  run: Run<O>,
): void {
  const original = assertDecoratable(decoration.decorator, decoration, descriptor);
  const known = {
    ...decoration,
    parameters: parametersOf(decoration, original),
    readsInstance: readsInstance(original),
  };
  wrapMethod(known, original, descriptor, executor(known, original, run));
  remember(known);
}

/** The cache of an instance, and the options for its class. */
interface Served<O> {
  readonly found: MethodCache;
  readonly options: O;
  readonly moduleRef: unknown;
  /** True if default keys cannot distinguish calls: the method runs uncached, with a warning. */
  readonly isRefused: boolean;
}

/** Executes a decorated method. Without a cache, returns the original method's result unchanged. */
function executor<O extends MethodOptions>(
  decoration: MethodDecoration & { readonly options: O },
  original: PlainMethod,
  run: Run<O>,
): (instance: unknown, args: readonly unknown[]) => unknown {
  const label = labelOf(decoration);
  const byClass = new WeakMap<object, O>();
  const byInstance = new WeakMap<object, Served<O>>();

  /** The cache and options of an instance, looked up once per application. */
  const servedBy = (instance: object): Served<O> | undefined => {
    const moduleRef = moduleRefOf(instance);
    const known = byInstance.get(instance);
    if (known !== undefined && known.moduleRef === moduleRef) return known;
    const prototype = Object.getPrototypeOf(instance) as object;
    const options = byClass.get(prototype) ?? effectiveOptions(decoration, prototype);
    byClass.set(prototype, options);
    const found = cacheFor(instance, options, label);
    if (found === undefined) return undefined;
    const { isShared } = found;
    const doubt = doubtOfKeys({ decoration, options, instance, isShared });
    if (doubt !== undefined) warnOfDoubt(decoration, prototype, doubt);
    const served = { found, options, moduleRef, isRefused: doubt !== undefined };
    byInstance.set(instance, served);
    return served;
  };

  return (instance, args) => {
    const plain = (given = args): unknown => original.apply(instance, [...given]);
    if (typeof instance !== 'object' || instance === null) return plain();
    const served = servedBy(instance);
    if (served === undefined) {
      warnOfUnmanaged(decoration, instance);
      return plain();
    }
    if (served.isRefused) return plain();
    const { found, options } = served;
    const { condition } = options;
    if (condition !== undefined && !Reflect.apply(condition, instance, args)) return plain();
    const invoke = async (given = args): Promise<unknown> => settled(plain(given), decoration, label);
    const { cache, isShared, monitor, facts, evictions } = found;
    return run(
      { cache, isShared, monitor, facts, evictions, method: decoration, label, instance, args, invoke },
      options,
    );
  };
}

function warnOfDoubt(decoration: Decoration, prototype: object, doubt: string): void {
  const { constructor } = prototype;
  const label = `${constructor.name === '' ? 'Anonymous' : constructor.name}.${String(decoration.name)}`;
  warnOnce(label, 'doubt', `${label} runs uncached: ${doubt}`);
}

/** The number of declared parameters. The compiler's metadata also counts those with a default value. */
function parametersOf({ prototype, name }: Decoration, { length }: PlainMethod): number {
  const types = Reflect.getOwnMetadata('design:paramtypes', prototype, name) as unknown;
  return Math.max(length, Array.isArray(types) ? types.length : 0);
}
