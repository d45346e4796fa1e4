import type { Decoration } from './decoration.js';
import { warnOnce } from './method-errors.js';
import { moduleRefOf } from './method-injection.js';
import { classNameOf } from '../../keys/class-name.js';

/** The provider classes of each running application. */
const running = new Map<object, WeakSet<object>>();

/** Registers the provider classes of an application, until {@link untrackClasses}. */
export function trackClasses(application: object, prototypes: Iterable<object>): void {
  running.set(application, new WeakSet(prototypes));
}

export function untrackClasses(application: object): void {
  running.delete(application);
}

/**
 * Warns once about a decorated method of an instance that no application holds, while a running application has the
 * class as a provider (for example, an instance created with `new` within a factory). Unit tests that use `new` have no
 * such application.
 */
export function warnOfUnmanaged(
  { decorator, name }: Pick<Decoration, 'decorator' | 'name'>,
  instance: object,
): void {
  if (running.size === 0 || moduleRefOf(instance) !== undefined) return;
  const prototype = Object.getPrototypeOf(instance) as object;
  if (![...running.values()].some((known) => known.has(prototype))) return;
  const label = `${classNameOf(prototype.constructor).name}.${String(name)}`;
  const words = `@${decorator}() on ${label} has no effect on an instance that Nest did not create and no provider holds: inject the instance, or return it from the useFactory of a provider`;
  warnOnce(label, 'stranger', words);
}
