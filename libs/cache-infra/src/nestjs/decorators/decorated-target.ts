import 'reflect-metadata';

import { isObservable } from 'rxjs';

import { ValidationError } from '../../base/errors.js';
import { assertLegacyDecorators } from './decorator-checks.js';
import { labelOf, type DecoratedMethod } from './method-key.js';

/** A method before decoration. */
export type PlainMethod = (...args: readonly unknown[]) => unknown;

const generators = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);
/** Declared return types of synchronous methods. */
const immediate: readonly unknown[] = [
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Array,
  Function,
  Date,
  Map,
  Set,
  Buffer,
];

/**
 * The original method, if its result can be cached.
 *
 * @throws ValidationError with the remedy
 */
export function assertDecoratable(
  decorator: string,
  target: DecoratedMethod,
  descriptor: PropertyDescriptor | undefined,
): PlainMethod {
  assertLegacyDecorators(`@${decorator}()`, target.name);
  const isClass = (target.name as unknown) === undefined;
  const refuse = (words: string): never => {
    const { prototype, name } = target;
    const label = isClass
      ? (prototype as { name: string }).name
      : typeof prototype === 'function'
        ? `${(prototype as { name: string }).name}.${String(name)}`
        : labelOf(target);
    throw new ValidationError(`@${decorator}() on ${label}: ${words}`);
  };
  if (isClass) {
    return refuse('the decorator belongs on a method; @CacheDefaults() sets the defaults of a class');
  }
  if (typeof target.prototype === 'function') {
    return refuse(
      'a static method has no instance for Nest to inject the cache into; make it an instance method',
    );
  }
  const method: unknown = descriptor?.value;
  if (typeof method !== 'function') return refuse('the decorator belongs on a method that returns a promise');
  if (generators.has(method.constructor.name)) {
    return refuse('a generator cannot be cached; return a promise of all its values');
  }
  const type = declaredReturnType(target);
  if (immediate.includes(type)) {
    return refuse(
      `the method returns a ${(type as { name: string }).name} synchronously, but a cached method returns a promise; make the method async, and await it in its callers`,
    );
  }
  return method as PlainMethod;
}

/** True if the declared return type is an Observable. A hit must be wrapped before the method ever runs. */
export function returnsObservable(target: DecoratedMethod): boolean {
  const type = declaredReturnType(target);
  return typeof type === 'function' && isObservable(type.prototype);
}

/** The class in the compiler's metadata. An interface or a union is `Object`; without a declaration it is undefined. */
function declaredReturnType({ prototype, name }: DecoratedMethod): unknown {
  return Reflect.getOwnMetadata('design:returntype', prototype, name) as unknown;
}
