import { decorationsOf, effectiveOptions, type MethodDecoration } from './decoration.js';
import type { MethodOptions } from './decorator-options.js';
import { isMadeByNest, isStatic, type Wrapper } from './instance-origin.js';
import { labelOf } from './method-key.js';
import type { CacheFeature } from '../registry/tokens.js';

/** A decorated method of a class, with its effective options. */
export interface ClassMethod {
  readonly decoration: MethodDecoration;
  /** The options, merged over the defaults of the class. */
  readonly options: MethodOptions;
  /** `Class.method`. */
  readonly label: string;
}

/** A provider whose class has decorated methods, created by Nest or passed as an instance. */
export interface Decorated {
  readonly prototype: object;
  readonly instance: unknown;
  readonly wrapper: Wrapper;
  /** The `forFeature` namespace of the provider's module. */
  readonly feature: CacheFeature | undefined;
  readonly methods: readonly ClassMethod[];
}

/** Undefined if the class has no decorated method. */
export function decoratedBy(wrapper: Wrapper, feature: CacheFeature | undefined): Decorated | undefined {
  const instance: unknown = isStatic(wrapper) ? wrapper.instance : undefined;
  const prototype: unknown = isMadeByNest(wrapper) ? wrapper.metatype?.prototype : prototypeOf(instance);
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const methods = methodsOf(prototype);
  return methods.length === 0 ? undefined : { prototype, instance, wrapper, feature, methods };
}

function methodsOf(prototype: object): readonly ClassMethod[] {
  const all: ClassMethod[] = [];
  for (let owner: object | null = prototype; owner !== null; owner = prototypeOf(owner) as object | null) {
    for (const decoration of decorationsOf(owner)) {
      const options = effectiveOptions(decoration, prototype);
      all.push({ decoration, options, label: labelOf(decoration) });
    }
  }
  return all;
}

function prototypeOf(instance: unknown): unknown {
  return typeof instance === 'object' && instance !== null ? Object.getPrototypeOf(instance) : undefined;
}
