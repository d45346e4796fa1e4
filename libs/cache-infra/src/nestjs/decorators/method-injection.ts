import { Inject, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { featureToken, type CacheFeature } from '../registry/tokens.js';

// Under registered symbols, so that two copies of this library in one process inject a class once.
const moduleRefKey = Symbol.for('nestjs-cache-infra.ModuleRef');
const featureKey = Symbol.for('nestjs-cache-infra.feature');
const madeForKey = Symbol.for('nestjs-cache-infra.madeFor');

interface Injected {
  [moduleRefKey]?: ModuleRef | undefined;
  [featureKey]?: CacheFeature | undefined;
  [madeForKey]?: string | undefined;
}

/**
 * Has Nest put its `ModuleRef` into every instance of the class (and of its subclasses) that it makes, and the namespace of
 * the module that the instance stands in, if it has one: the way from a decorated method to the caches of the very
 * application that the instance belongs to.
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

/** Nest assigns; the property is kept out of sight of whoever compares, copies or prints the instance. */
function attach(instance: object, key: symbol, value: unknown): void {
  Object.defineProperty(instance, key, { configurable: true, writable: true, value });
}

/** Undefined for an instance that Nest did not make. */
export function moduleRefOf(instance: unknown): ModuleRef | undefined {
  return isObject(instance) ? (instance as Injected)[moduleRefKey] : undefined;
}

/** What `CacheInfraModule.forFeature` says to the module of the instance. */
export function featureOf(instance: unknown): CacheFeature | undefined {
  const feature = isObject(instance) ? (instance as Injected)[featureKey] : undefined;
  // A test that mocks whatever is missing has put a mock there.
  return typeof feature?.namespace === 'string' ? feature : undefined;
}

/** What a factory has made an instance for, when it makes one for each request or consumer. */
export function madeForOf(instance: object): string | undefined {
  return (instance as Injected)[madeForKey];
}

/** Where an instance stands that Nest did not make. */
export interface Standing {
  readonly moduleRef: ModuleRef;
  readonly feature: CacheFeature | undefined;
  /** The provider whose factory makes instances that differ. */
  readonly madeFor?: string | undefined;
}

/** For an instance that a factory made or that was given as a value: Nest injects nothing into those. True if it was needed. */
export function attachModuleRef(instance: unknown, { moduleRef, feature, madeFor }: Standing): boolean {
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
