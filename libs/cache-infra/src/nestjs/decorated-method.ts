import 'reflect-metadata';
import { AsyncResource } from 'node:async_hooks';

import { defer, isObservable, lastValueFrom, type Observable } from 'rxjs';

import { ValidationError } from '../errors.js';
import { cacheFor, type MethodCache } from './cache-lookup.js';
import { classDefaultsOf, withDefaults } from './class-defaults.js';
import type { MethodOptions } from './decorator-options.js';
import { assertDecoratable, returnsObservable, type PlainMethod } from './decorated-target.js';
import { injectInto, moduleRefOf } from './method-injection.js';
import { labelOf, type DecoratedMethod } from './method-key.js';

/** One decorator on one method. */
export interface Decoration extends DecoratedMethod {
  /** `Cacheable`, `CachePut` or `CacheEvict`. */
  readonly decorator: string;
  /** As given, without the defaults of the class. */
  readonly options: MethodOptions;
  /** The options that `@CacheDefaults` may give. */
  readonly defaults: readonly string[];
  /** True when keys begin with the names of class and method. */
  readonly hasDefaultKey: boolean;
}

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

const decorationsKey = Symbol.for('nestjs-cache-infra.decorations');

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
  const execute = executor(decoration, original, run);
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
  remember(decoration);
}

/** The cache that serves an instance, and the options for its class. */
interface Served<O> {
  readonly found: MethodCache;
  readonly options: O;
  readonly moduleRef: unknown;
}

/** The decorated method; what it returns where no cache is asked is what the method itself returns. */
function executor<O extends MethodOptions>(
  decoration: Decoration & { readonly options: O },
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
    const served = { found, options, moduleRef };
    byInstance.set(instance, served);
    return served;
  };

  return (instance, args) => {
    const plain = (): unknown => original.apply(instance, [...args]);
    if (typeof instance !== 'object' || instance === null) return plain();
    const served = servedBy(instance);
    if (served === undefined) return plain();
    const { found, options } = served;
    const condition = options.condition as ((...given: readonly unknown[]) => boolean) | undefined;
    if (condition !== undefined && !condition(...args)) return plain();
    const invoke = async (): Promise<unknown> => settled(plain(), decoration, label);
    const { cache, monitor, facts } = found;
    return run({ cache, monitor, facts, method: decoration, label, instance, args, invoke }, options);
  };
}

/** The value that a method has to offer to a cache. */
async function settled(returned: unknown, decoration: Decoration, label: string): Promise<unknown> {
  if (isObservable(returned)) {
    if (returnsObservable(decoration)) return lastValueFrom(returned, { defaultValue: undefined });
    throw new ValidationError(
      `${label} returns an Observable: declare that as its return type, with Observable imported as a value (no "import type"), so that @${decoration.decorator}() knows before the method runs`,
    );
  }
  const value = await returned;
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value) {
    throw new ValidationError(
      `${label} returns an async iterable or a stream, which gives its values one by one and cannot be cached; return a promise of all of them`,
    );
  }
  return value;
}

/** The options of a decorator for instances of the class of `prototype`, which may be a subclass of the one that has the method. */
export function effectiveOptions<O extends MethodOptions>(
  { options, defaults }: Decoration & { readonly options: O },
  prototype: object,
): O {
  return withDefaults(options, classDefaultsOf(prototype), defaults);
}

/** The decorations that a prototype declares itself, inherited ones apart. */
export function decorationsOf(prototype: object): readonly Decoration[] {
  return (Reflect.getOwnMetadata(decorationsKey, prototype) as readonly Decoration[] | undefined) ?? [];
}

function remember(decoration: Decoration): void {
  const { prototype } = decoration;
  Reflect.defineMetadata(decorationsKey, [...decorationsOf(prototype), decoration], prototype);
}

/** Name, length, and whatever else somebody put there. */
function ownDescriptors(method: object): PropertyDescriptorMap {
  const all = Object.entries(Object.getOwnPropertyDescriptors(method));
  return Object.fromEntries(all.filter(([name]) => !['prototype', 'arguments', 'caller'].includes(name)));
}
