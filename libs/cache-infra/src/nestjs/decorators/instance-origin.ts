import { INQUIRER, ModulesContainer, REQUEST, type ModuleRef } from '@nestjs/core';

import { provider } from '../registry/provided.js';

export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
/** What Nest keeps of a provider, controller or enhancer. */
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** All that a module makes: also guards, pipes, interceptors and filters that stand on its controllers, and middleware. */
export function wrappersOf(module: NestModule): readonly Wrapper[] {
  const { providers, controllers, injectables, middlewares } = module;
  return [providers, controllers, injectables, middlewares].flatMap((all) => [...all.values()] as Wrapper[]);
}

/** True for a class that Nest calls `new` on; false for factories and values. */
export function isMadeByNest({ metatype, inject }: Wrapper): boolean {
  return typeof metatype === 'function' && inject == null;
}

/** An alias is what it stands for. */
export function isMadeByFactory({ metatype, inject, isAlias }: Wrapper): boolean {
  return typeof metatype === 'function' && inject != null && !isAlias;
}

/** By application and class. Found once: an instance exists only when Nest knows all that it depends on. */
const origins = new WeakMap<ModulesContainer, WeakMap<object, { readonly madeFor: string | undefined }>>();

/**
 * What makes the instances of a class differ, when that is the request (or the tenant, the consumer) that each is made for. Undefined when
 * all are made alike, also for each request anew.
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

/** What of a request reaches an instance, however deep. */
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
  // A place for each parameter: of one that Nest was not asked for there is nothing.
  return [...ofConstructor, ...properties.map((property) => property.wrapper)].filter(
    (it) => (it as Wrapper | undefined) !== undefined,
  );
}

/** One instance for the life of the application. */
export function isStatic(wrapper: Wrapper): boolean {
  return !wrapper.isTransient && wrapper.isDependencyTreeStatic();
}

export function nameOf({ token, name }: Wrapper): string {
  if (typeof token === 'function') return token.name;
  return String(token ?? name);
}
