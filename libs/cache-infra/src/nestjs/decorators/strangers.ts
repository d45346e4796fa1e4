import type { Decoration } from './decoration.js';
import { warnOnce } from './method-errors.js';
import { moduleRefOf } from './method-injection.js';
import { classNameOf } from '../../keys/class-name.js';

/** Classes whose instances applications have made, by those that are running. */
const running = new Map<object, WeakSet<object>>();

/** From now on instances of `prototypes` that stand in no module are told of, until `leave`. */
export function expectInstances(application: object, prototypes: Iterable<object>): void {
  running.set(application, new WeakSet(prototypes));
}

export function leave(application: object): void {
  running.delete(application);
}

/**
 * Warns once of a decorated method of an object that no application knows, while one runs that has its class as a provider: made with
 * `new` within a factory, for example. Unit tests, which make their objects with `new`, have no such application.
 */
export function tellOfStranger({ decorator, name }: Decoration, instance: object): void {
  if (running.size === 0 || moduleRefOf(instance) !== undefined) return;
  const prototype = Object.getPrototypeOf(instance) as object;
  if (![...running.values()].some((known) => known.has(prototype))) return;
  const label = `${classNameOf(prototype.constructor).name}.${String(name)}`;
  const words = `@${decorator}() on ${label} has no effect on an instance that Nest did not create and no provider holds: inject the instance, or return it from the useFactory of a provider`;
  warnOnce(label, 'stranger', words);
}
