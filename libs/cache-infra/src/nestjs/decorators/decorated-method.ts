import 'reflect-metadata';
import { AsyncResource } from 'node:async_hooks';

import { defer, isObservable, lastValueFrom, type Observable } from 'rxjs';

import { ValidationError } from '../../base/errors.js';
import { cacheFor, type MethodCache } from './cache-lookup.js';
import { effectiveOptions, remember, type Decoration, type MethodDecoration } from './decoration.js';
import type { MethodOptions } from './decorator-options.js';
import { assertDecoratable, returnsObservable, type PlainMethod } from './decorated-target.js';
import { doubtOfKeys } from './default-keys.js';
import { warnOnce } from './method-errors.js';
import { injectInto, moduleRefOf } from './method-injection.js';
import { tellOfStranger } from './strangers.js';
import { labelOf, type DecoratedMethod } from './method-key.js';

/** One call of a decorated method, when there is a cache for it. */
export interface MethodCall extends MethodCache {
  readonly method: DecoratedMethod;
  /** `Class.method`, for messages. */
  readonly label: string;
  readonly instance: object;
  readonly args: readonly unknown[];
  /** Runs the method as it was written; of an Observable, the value that it completes with. */
  invoke(): Promise<unknown>;
}

/** Does what a decorator is there for, by the options after the defaults of the class. */
type Run<O> = (call: MethodCall, options: O) => Promise<unknown>;

/**
 * Puts `run` before a method. The method keeps its name, length, `this` and metadata, whichever decorators stand above
 * or below; it returns a promise, or an Observable when that is its declared return type.
 *
 * @throws ValidationError when there is something else than a method that can be cached
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
  const execute = executor(known, original, run);
  const wrapper = returnsObservable(decoration)
    ? function (this: unknown, ...args: unknown[]): Observable<unknown> {
        // Asked at every subscription, in the context of the call: who it is for must not depend on who subscribes.
        const inContext = AsyncResource.bind(() => execute(this, args));
        return defer(() => inContext() as Promise<unknown>);
      }
    : async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return execute(this, args);
      };

  // Whatever stood on the method stands on what replaces it: Nest reads guards, routes and API documentation there.
  Object.defineProperties(wrapper, ownDescriptors(original));
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  if (descriptor !== undefined) descriptor.value = wrapper;
  injectInto(decoration.prototype);
  remember(known);
}

/** The cache that serves an instance, and the options for its class. */
interface Served<O> {
  readonly found: MethodCache;
  readonly options: O;
  readonly moduleRef: unknown;
  /** The default keys would say less than a call: it runs uncached, and a warning has said so. */
  readonly isRefused: boolean;
}

/** The decorated method; what it returns where no cache is asked is what the method itself returns. */
function executor<O extends MethodOptions>(
  decoration: MethodDecoration & { readonly options: O },
  original: PlainMethod,
  run: Run<O>,
): (instance: unknown, args: readonly unknown[]) => unknown {
  const label = labelOf(decoration);
  const byClass = new WeakMap<object, O>();
  const byInstance = new WeakMap<object, Served<O>>();

  /** What serves the instance; found once, and again when it is given to another application. */
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
    if (doubt !== undefined) tellOfDoubt(decoration, prototype, doubt);
    const served = { found, options, moduleRef, isRefused: doubt !== undefined };
    byInstance.set(instance, served);
    return served;
  };

  return (instance, args) => {
    const plain = (): unknown => original.apply(instance, [...args]);
    if (typeof instance !== 'object' || instance === null) return plain();
    const served = servedBy(instance);
    if (served === undefined) {
      tellOfStranger(decoration, instance);
      return plain();
    }
    if (served.isRefused) return plain();
    const { found, options } = served;
    const { condition } = options;
    if (condition !== undefined && !Reflect.apply(condition, instance, args)) return plain();
    const invoke = async (): Promise<unknown> => settled(plain(), decoration, label);
    const { cache, isShared, monitor, facts } = found;
    return run(
      { cache, isShared, monitor, facts, method: decoration, label, instance, args, invoke },
      options,
    );
  };
}

/** The value that a method has to offer to a cache. */
async function settled(returned: unknown, decoration: Decoration, label: string): Promise<unknown> {
  if (isObservable(returned)) {
    if (returnsObservable(decoration)) return lastValueFrom(returned, { defaultValue: undefined });
    throw new ValidationError(
      `${label} returns an Observable that it does not declare: declare Observable as the return type, and import it as a value (no "import type"), because @${decoration.decorator}() needs the type before the method runs`,
    );
  }
  if (!isThenable(returned)) {
    const words = `${label} returns its value synchronously, but a cached method returns a promise: make the method async, and await it in its callers`;
    warnOnce(label, 'at once', words);
  }
  const value = await returned;
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value) {
    throw new ValidationError(
      `${label} returns an async iterable or a stream, which cannot be cached: return a promise of all its values`,
    );
  }
  return value;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function tellOfDoubt(decoration: Decoration, prototype: object, doubt: string): void {
  const { constructor } = prototype;
  const label = `${constructor.name === '' ? 'Anonymous' : constructor.name}.${String(decoration.name)}`;
  warnOnce(label, 'doubt', `${label} runs uncached: ${doubt}`);
}

/** Of what another decorator has put in the place of a method nothing is known: it hands `this` on. */
function readsInstance(original: PlainMethod): boolean {
  return /\b(?:this|super|arguments|eval)\b|\[native code\]/.test(Function.prototype.toString.call(original));
}

/** The arguments that a method declares; the compiler's metadata counts those with a default value, too. */
function parametersOf({ prototype, name }: Decoration, { length }: PlainMethod): number {
  const types = Reflect.getOwnMetadata('design:paramtypes', prototype, name) as unknown;
  return Math.max(length, Array.isArray(types) ? types.length : 0);
}

/** Name, length, and whatever else somebody put there. */
function ownDescriptors(method: object): PropertyDescriptorMap {
  const all = Object.entries(Object.getOwnPropertyDescriptors(method));
  return Object.fromEntries(all.filter(([name]) => !['prototype', 'arguments', 'caller'].includes(name)));
}
