import 'reflect-metadata';
import { AsyncResource } from 'node:async_hooks';

import { defer, isObservable, lastValueFrom, type Observable } from 'rxjs';

import { ValidationError } from '../../base/errors.js';
import { returnsObservable, type PlainMethod } from './decorated-target.js';
import { warnOnce } from './method-errors.js';
import { injectInto } from './method-injection.js';
import type { DecoratedMethod } from './method-key.js';

/** A method and the name of its decorator. */
interface Decorating extends DecoratedMethod {
  readonly decorator: string;
}

/**
 * Replaces a method by `execute`. The method keeps its name, length, `this` and metadata, regardless of the order of
 * decorators. It returns a promise, or an Observable if that is its declared return type.
 */
export function wrapMethod(
  decorating: Decorating,
  original: PlainMethod,
  descriptor: PropertyDescriptor | undefined,
  execute: (instance: unknown, args: readonly unknown[]) => unknown,
): void {
  const wrapper = returnsObservable(decorating)
    ? function (this: unknown, ...args: unknown[]): Observable<unknown> {
        // Run on every subscription, in the context of the call: the result must not depend on the subscriber's
        // context.
        const inContext = AsyncResource.bind(() => execute(this, args));
        return defer(() => inContext() as Promise<unknown>);
      }
    : async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return execute(this, args);
      };

  // Copy the method's metadata to the wrapper: Nest reads guards, routes and API documentation there.
  Object.defineProperties(wrapper, ownDescriptors(original));
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  if (descriptor !== undefined) descriptor.value = wrapper;
  injectInto(decorating.prototype);
}

/** The cacheable value of a method's result. */
export async function settled(returned: unknown, decorating: Decorating, label: string): Promise<unknown> {
  if (isObservable(returned)) {
    if (returnsObservable(decorating)) return lastValueFrom(returned, { defaultValue: undefined });
    throw new ValidationError(
      `${label} returns an Observable that it does not declare: declare Observable as the return type, and import it as a value (no "import type"), because @${decorating.decorator}() needs the type before the method runs`,
    );
  }
  if (!isThenable(returned)) {
    const words = `${label} returns its value synchronously, but a cached method returns a promise: make the method async, and await it in its callers`;
    warnOnce(label, 'at once', words);
  }
  const value = await returned;
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value) {
    throw new ValidationError(
      `${label} returns an async iterable or a stream, which cannot be cached: return a promise of all its values`,
    );
  }
  return value;
}

/**
 * True if the source of the method uses `this`, or is not the method's own (another decorator's wrapper, which passes
 * `this` on).
 */
export function readsInstance(original: PlainMethod): boolean {
  return /\b(?:this|super|arguments|eval)\b|\[native code\]/.test(Function.prototype.toString.call(original));
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** The own properties of a method: name, length and additional ones. */
function ownDescriptors(method: object): PropertyDescriptorMap {
  const all = Object.entries(Object.getOwnPropertyDescriptors(method));
  return Object.fromEntries(all.filter(([name]) => !['prototype', 'arguments', 'caller'].includes(name)));
}
