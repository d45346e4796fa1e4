import { isMadeByFactory, isStatic, type Wrapper } from './instance-origin.js';
import { attachModuleRef, type Attachment } from './method-injection.js';

const attached = new WeakSet<object>();

/**
 * Attaches the instances of a request-scoped or transient factory to the application: those that exist now, which are
 * returned, and later ones when they are created. Ignores a factory of a singleton.
 */
export function attachFactoryInstances(wrapper: Wrapper, attachment: Attachment): readonly unknown[] {
  if (!isMadeByFactory(wrapper) || isStatic(wrapper) || attached.has(wrapper)) return [];
  attached.add(wrapper);
  const make = wrapper.metatype as (...parts: readonly unknown[]) => unknown;
  const attach = (instance: unknown): unknown => {
    attachModuleRef(instance, attachment);
    return instance;
  };
  wrapper.metatype = (...parts: readonly unknown[]): unknown => {
    const made = make(...parts);
    return made instanceof Promise ? made.then(attach) : attach(made);
  };
  const instances = wrapper.getStaticTransientInstances().map((it): unknown => it?.instance);
  return instances.filter((instance) => attachModuleRef(instance, attachment));
}
