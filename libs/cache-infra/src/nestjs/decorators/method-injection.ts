import { Inject, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { featureToken, type CacheFeature } from '../registry/tokens.js';

// Registered symbols: two copies of this library in one process inject a class once.
const moduleRefKey = Symbol.for('nestjs-cache-infra.ModuleRef');
const featureKey = Symbol.for('nestjs-cache-infra.feature');
const madeForKey = Symbol.for('nestjs-cache-infra.madeFor');

interface Injected {
  [moduleRefKey]?: ModuleRef | undefined;
  [featureKey]?: CacheFeature | undefined;
  [madeForKey]?: string | undefined;
}

/**
 * Makes Nest inject its `ModuleRef`, and the `forFeature` namespace of the module, into every instance of the class and
 * its subclasses. A decorated method finds the caches of the instance's own application through them.
 */
export function injectInto(prototype: object): void {
  injectAs(prototype, moduleRefKey, Inject(ModuleRef));
  injectAs(prototype, featureKey, Inject(featureToken));
  Optional()(prototype, featureKey);
}

function injectAs(prototype: object, key: symbol, inject: PropertyDecorator): void {
  if (!(key in prototype)) {
    const set = function (this: object, value: unknown): void {
      attach(this, key, value);
    };
    Object.defineProperty(prototype, key, { configurable: true, get: () => undefined, set });
  }
  inject(prototype, key);
}

/** Nest assigns the property. It is not enumerable: comparing, copying or printing the instance ignores it. */
function attach(instance: object, key: symbol, value: unknown): void {
  Object.defineProperty(instance, key, { configurable: true, writable: true, value });
}

/** The ModuleRef of an instance; undefined if Nest did not create the instance. */
export function moduleRefOf(instance: unknown): ModuleRef | undefined {
  return isObject(instance) ? (instance as Injected)[moduleRefKey] : undefined;
}

/** The `forFeature` namespace of the instance's module. */
export function featureOf(instance: unknown): CacheFeature | undefined {
  const feature = isObject(instance) ? (instance as Injected)[featureKey] : undefined;
  // A test with automatic mocks may inject a mock.
  return typeof feature?.namespace === 'string' ? feature : undefined;
}

/** The provider whose factory created the instance, if it creates one per request or consumer. */
export function madeForOf(instance: object): string | undefined {
  return (instance as Injected)[madeForKey];
}

/** The application and module of an instance that Nest did not create. */
export interface Attachment {
  readonly moduleRef: ModuleRef;
  readonly feature: CacheFeature | undefined;
  /** The provider whose factory creates differing instances. */
  readonly madeFor?: string | undefined;
}

/**
 * Attaches an instance of a factory or value provider, which Nest does not inject into. True if the instance was not
 * attached before.
 */
export function attachModuleRef(instance: unknown, { moduleRef, feature, madeFor }: Attachment): boolean {
  if (!isObject(instance) || !(moduleRefKey in instance) || moduleRefOf(instance) !== undefined) return false;
  if (!Object.isExtensible(instance)) return false;
  attach(instance, moduleRefKey, moduleRef);
  attach(instance, featureKey, feature);
  if (madeFor !== undefined) attach(instance, madeForKey, madeFor);
  return true;
}

export function detachModuleRef(instance: unknown): void {
  if (!isObject(instance)) return;
  attach(instance, moduleRefKey, undefined);
  attach(instance, featureKey, undefined);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
