import { Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

// Under a registered symbol, so that two copies of this library in one process inject a class once.
const injected = Symbol.for('nestjs-cache-infra.ModuleRef');

interface Injected {
  [injected]?: ModuleRef | undefined;
}

/**
 * Has Nest put its `ModuleRef` into every instance of the class (and of its subclasses) that it makes: the way from a
 * decorated method to the caches of the very application that the instance belongs to.
 */
export function injectModuleRef(prototype: object): void {
  if (!(injected in prototype)) {
    Object.defineProperty(prototype, injected, { configurable: true, get: () => undefined, set: attach });
  }
  Inject(ModuleRef)(prototype, injected);
}

/** Nest assigns; the property is kept out of sight of whoever compares, copies or prints the instance. */
function attach(this: object, moduleRef: unknown): void {
  Object.defineProperty(this, injected, { configurable: true, writable: true, value: moduleRef });
}

/** Undefined for an instance that Nest did not make. */
export function moduleRefOf(instance: unknown): ModuleRef | undefined {
  return isObject(instance) ? (instance as Injected)[injected] : undefined;
}

/** For an instance that a factory made or that was given as a value: Nest injects nothing into those. True if it was needed. */
export function attachModuleRef(instance: unknown, moduleRef: ModuleRef): boolean {
  if (!isObject(instance) || !(injected in instance) || moduleRefOf(instance) !== undefined) return false;
  if (!Object.isExtensible(instance)) return false;
  attach.call(instance, moduleRef);
  return true;
}

export function detachModuleRef(instance: unknown): void {
  if (isObject(instance)) attach.call(instance, undefined);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
