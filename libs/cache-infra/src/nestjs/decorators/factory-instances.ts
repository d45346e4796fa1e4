import { isMadeByFactory, isStatic, type Wrapper } from './instance-origin.js';
import { attachModuleRef, type Standing } from './method-injection.js';

const joined = new WeakSet<object>();

/**
 * Joins what a factory makes anew for each request or consumer: from now on as soon as it is made, and at once what it has made already,
 * which is returned. A factory that makes one instance is left alone.
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
