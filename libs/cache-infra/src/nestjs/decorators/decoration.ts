import 'reflect-metadata';

import { classDefaultsOf, withDefaults } from './class-defaults.js';
import type { MethodOptions } from './decorator-options.js';
import type { DecoratedMethod } from './method-key.js';

/** One decorator on one method. */
export interface Decoration extends DecoratedMethod {
  /** `Cacheable`, `CachePut` or `CacheEvict`. */
  readonly decorator: string;
  /** The decorator's own options, without class defaults. */
  readonly options: MethodOptions;
  /** The names of options that `@CacheDefaults` may set. */
  readonly defaults: readonly string[];
  /** True if keys are default keys: prefixed with the names of class and method. */
  readonly hasDefaultKey: boolean;
}

/** A decoration, with properties of its method. */
export interface MethodDecoration extends Decoration {
  /** The number of the method's parameters, as far as its compiled form shows. */
  readonly parameters: number;
  /** False if the method's source has no `this`: its result does not depend on the instance. */
  readonly readsInstance: boolean;
}

const decorationsKey = Symbol.for('nestjs-cache-infra.decorations');

/** The decorations on a prototype itself, without inherited ones. */
export function decorationsOf(prototype: object): readonly MethodDecoration[] {
  return (Reflect.getOwnMetadata(decorationsKey, prototype) as readonly MethodDecoration[] | undefined) ?? [];
}

export function remember(decoration: MethodDecoration): void {
  const { prototype } = decoration;
  Reflect.defineMetadata(decorationsKey, [...decorationsOf(prototype), decoration], prototype);
}

/**
 * The effective options of a decorator for instances of the class of `prototype`, which may be a subclass of the
 * declaring class.
 */
export function effectiveOptions<O extends MethodOptions>(
  { options, defaults }: Decoration & { readonly options: O },
  prototype: object,
): O {
  return withDefaults(options, classDefaultsOf(prototype), defaults);
}
