import 'reflect-metadata';

import { classDefaultsOf, withDefaults } from './class-defaults.js';
import type { MethodOptions } from './decorator-options.js';
import type { DecoratedMethod } from './method-key.js';

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

/** A decoration, and what is known of the method that it stands on. */
export interface MethodDecoration extends Decoration {
  /** How many arguments the method takes, as far as its compiled form tells. */
  readonly parameters: number;
  /** False for a method without `this` in its source: its result does not depend on the instance. */
  readonly readsInstance: boolean;
}

const decorationsKey = Symbol.for('nestjs-cache-infra.decorations');

/** The decorations that a prototype declares itself, inherited ones apart. */
export function decorationsOf(prototype: object): readonly MethodDecoration[] {
  return (Reflect.getOwnMetadata(decorationsKey, prototype) as readonly MethodDecoration[] | undefined) ?? [];
}

export function remember(decoration: MethodDecoration): void {
  const { prototype } = decoration;
  Reflect.defineMetadata(decorationsKey, [...decorationsOf(prototype), decoration], prototype);
}

/** The options of a decorator for instances of the class of `prototype`, which may be a subclass of the one that has the method. */
export function effectiveOptions<O extends MethodOptions>(
  { options, defaults }: Decoration & { readonly options: O },
  prototype: object,
): O {
  return withDefaults(options, classDefaultsOf(prototype), defaults);
}
