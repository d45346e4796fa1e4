import { aiDecorationsOf, type AiDecoration } from './ai-decoration.js';
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
  /** The methods with `@AiCached()`. */
  readonly aiMethods: readonly AiDecoration[];
}

/** Undefined if the class has no decorated method. */
export function decoratedBy(wrapper: Wrapper, feature: CacheFeature | undefined): Decorated | undefined {
  const instance: unknown = isStatic(wrapper) ? wrapper.instance : undefined;
  const prototype: unknown = isMadeByNest(wrapper) ? wrapper.metatype?.prototype : prototypeOf(instance);
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const owners = ownersOf(prototype);
  const methods = owners.flatMap(decorationsOf).map((decoration) => ({
    decoration,
    options: effectiveOptions(decoration, prototype),
    label: labelOf(decoration),
  }));
  const aiMethods = owners.flatMap(aiDecorationsOf);
  if (methods.length === 0 && aiMethods.length === 0) return undefined;
  return { prototype, instance, wrapper, feature, methods, aiMethods };
}

/** The prototypes that an instance inherits from, the most derived first. */
function ownersOf(prototype: object): object[] {
  const all: object[] = [];
  for (let owner: object | null = prototype; owner !== null; owner = prototypeOf(owner) as object | null) {
    all.push(owner);
  }
  return all;
}

function prototypeOf(instance: unknown): unknown {
  return typeof instance === 'object' && instance !== null ? Object.getPrototypeOf(instance) : undefined;
}
