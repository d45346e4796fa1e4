import { INQUIRER, ModulesContainer, REQUEST, type ModuleRef } from '@nestjs/core';

import { provider } from '../registry/provided.js';

export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
/** Nest's record of a provider, controller or enhancer. */
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** All wrappers of a module, including enhancers (guards, pipes, interceptors, filters) and middleware. */
export function wrappersOf(module: NestModule): readonly Wrapper[] {
  const { providers, controllers, injectables, middlewares } = module;
  return [providers, controllers, injectables, middlewares].flatMap((all) => [...all.values()] as Wrapper[]);
}

/** True for a class that Nest instantiates; false for factories and values. */
export function isMadeByNest({ metatype, inject }: Wrapper): boolean {
  return typeof metatype === 'function' && inject == null;
}

/** True for a factory provider; false for an alias. */
export function isMadeByFactory({ metatype, inject, isAlias }: Wrapper): boolean {
  return typeof metatype === 'function' && inject != null && !isAlias;
}

/** Origins by application and class, cached: an instance exists only when its dependencies are known. */
const origins = new WeakMap<ModulesContainer, WeakMap<object, { readonly madeFor: string | undefined }>>();

/**
 * The dependency by which instances of a class differ: the request (or tenant, or consumer) that each is created for.
 * Undefined if instances are interchangeable, even request-scoped ones.
 */
export function madeFor(moduleRef: ModuleRef, prototype: object): string | undefined {
  const modules = provider(moduleRef, ModulesContainer);
  if (modules === undefined) return undefined;
  const known = origins.get(modules) ?? new WeakMap<object, { readonly madeFor: string | undefined }>();
  origins.set(modules, known);
  const before = known.get(prototype);
  if (before !== undefined) return before.madeFor;
  const wrappers = [...modules.values()].flatMap(wrappersOf);
  const own = wrappers.filter((it) => isMadeByNest(it) && it.metatype?.prototype === prototype);
  const found = own.map(differsBy).find((it) => it !== undefined);
  if (own.length > 0) known.set(prototype, { madeFor: found });
  return found;
}

/** The dependency by which two instances of a provider may differ. */
export function differsBy(wrapper: Wrapper): string | undefined {
  if (isMadeByFactory(wrapper)) return isStatic(wrapper) ? undefined : nameOf(wrapper);
  const consumer = dependenciesOf(wrapper).find(({ token }) => token === INQUIRER);
  return consumer === undefined ? requestIn(wrapper, new Set()) : 'INQUIRER';
}

/** The request-bound dependency of an instance, direct or transitive. */
function requestIn(wrapper: Wrapper, seen: Set<Wrapper>): string | undefined {
  if (seen.has(wrapper)) return undefined;
  seen.add(wrapper);
  for (const dependency of dependenciesOf(wrapper)) {
    if (dependency.token === REQUEST) return 'REQUEST';
    if (isMadeByFactory(dependency) && !isStatic(dependency)) return nameOf(dependency);
    const found = isStatic(dependency) ? undefined : requestIn(dependency, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function dependenciesOf(wrapper: Wrapper): readonly Wrapper[] {
  const ofConstructor = (wrapper.getCtorMetadata() as Wrapper[] | undefined) ?? [];
  const properties = (wrapper.getPropertiesMetadata() as { readonly wrapper: Wrapper }[] | undefined) ?? [];
  // Nest leaves gaps for parameters that are not injected.
  return [...ofConstructor, ...properties.map((property) => property.wrapper)].filter(
    (it) => (it as Wrapper | undefined) !== undefined,
  );
}

/** True for one instance per application. */
export function isStatic(wrapper: Wrapper): boolean {
  return !wrapper.isTransient && wrapper.isDependencyTreeStatic();
}

export function nameOf({ token, name }: Wrapper): string {
  if (typeof token === 'function') return token.name;
  return String(token ?? name);
}
