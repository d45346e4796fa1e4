import 'reflect-metadata';

import { ValidationError } from '../errors.js';
import type { MethodCache } from './cache-lookup.js';
import { cacheFor } from './cache-lookup.js';
import type { MethodOptions } from './decorator-options.js';
import { injectModuleRef } from './method-injection.js';
import { labelOf, type DecoratedMethod } from './method-key.js';

/** One decorator on one method. */
export interface Decoration extends DecoratedMethod {
  /** `Cacheable`, `CachePut` or `CacheEvict`. */
  readonly decorator: string;
  /** The name of the cache that it asks for. */
  readonly cache: string | undefined;
  /** The namespace in it. */
  readonly namespace: string | undefined;
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
  /** Runs the method as it was written. */
  invoke(): Promise<unknown>;
}

const decorationsKey = Symbol.for('nestjs-cache-infra.decorations');
const generators = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);

/**
 * Puts `run` before a method. The method keeps its name, length, `this` and metadata, whichever decorators stand above
 * or below; it returns a promise.
 *
 * @throws ValidationError when there is something else than a method
 */
export function decorateMethod(
  decoration: Decoration,
  options: MethodOptions,
  descriptor: PropertyDescriptor | undefined,
  run: (call: MethodCall) => Promise<unknown>,
): void {
  const original = assertMethod(decoration, descriptor);
  const label = labelOf(decoration);
  const condition = options.condition as ((...args: readonly unknown[]) => boolean) | undefined;

  async function wrapper(this: unknown, ...args: unknown[]): Promise<unknown> {
    const invoke = async (): Promise<unknown> => original.apply(this, args);
    const found = cacheFor(this, options, label);
    if (found === undefined) return invoke();
    if (condition !== undefined && !condition(...args)) return invoke();
    return run({ ...found, method: decoration, label, instance: this as object, args, invoke });
  }

  // Whatever stood on the method stands on what replaces it: Nest reads guards, routes and API documentation there.
  Object.defineProperties(wrapper, ownDescriptors(original));
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  if (descriptor !== undefined) descriptor.value = wrapper;
  injectModuleRef(decoration.prototype);
  remember(decoration);
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

function assertMethod(
  { decorator, prototype, name }: Decoration,
  descriptor: PropertyDescriptor | undefined,
): (...args: unknown[]) => unknown {
  const refuse = (words: string): never => {
    const owner = typeof prototype === 'function' ? (prototype as { name: string }) : prototype.constructor;
    throw new ValidationError(`@${decorator}() on ${owner.name}.${String(name)}: ${words}`);
  };
  if (typeof prototype === 'function') {
    return refuse(
      'a static method has no instance into which Nest could inject the cache; make it an instance method',
    );
  }
  const method: unknown = descriptor?.value;
  if (typeof method !== 'function') return refuse('it belongs on a method that returns a promise');
  if (generators.has(method.constructor.name)) {
    return refuse(
      'a generator gives its values one by one and cannot be cached; return a promise of all of them',
    );
  }
  return method as (...args: unknown[]) => unknown;
}
