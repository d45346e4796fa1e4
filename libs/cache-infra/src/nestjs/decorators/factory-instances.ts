import { isMadeByFactory, isStatic, type Wrapper } from './instance-origin.js';
import { attachModuleRef, type Standing } from './method-injection.js';

const joined = new WeakSet<object>();

/**
 * Attaches the instances of a request-scoped or transient factory to the application: those that exist now, which are
 * returned, and later ones when they are created. Ignores a factory of a singleton.
 */
export function joinFactory(wrapper: Wrapper, standing: Standing): readonly unknown[] {
  if (!isMadeByFactory(wrapper) || isStatic(wrapper) || joined.has(wrapper)) return [];
  joined.add(wrapper);
  const make = wrapper.metatype as (...parts: readonly unknown[]) => unknown;
  const join = (instance: unknown): unknown => {
    attachModuleRef(instance, standing);
    return instance;
  };
  wrapper.metatype = (...parts: readonly unknown[]): unknown => {
    const made = make(...parts);
    return made instanceof Promise ? made.then(join) : join(made);
  };
  const instances = wrapper.getStaticTransientInstances().map((it): unknown => it?.instance);
  return instances.filter((instance) => attachModuleRef(instance, standing));
}
