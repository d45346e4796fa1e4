import { isDeepStrictEqual } from 'node:util';

import { ModuleRef } from '@nestjs/core';

import { isNative, sourceOf } from '../../keys/class-name.js';
import { isOfNoClass } from '../../keys/class-shape.js';
import { dependenciesOf, isMadeByNest, type Wrapper } from './instance-origin.js';

/**
 * True if two providers of one class have interchangeable instances: the same instance; instances that Nest created
 * from interchangeable dependencies; or instances without constructor arguments whose string properties are equal.
 */
export function areInterchangeable(one: Wrapper, other: Wrapper, seen = new Set<Wrapper>()): boolean {
  if (one === other || one.instance === other.instance || seen.has(one)) return true;
  if (isPlainData(one.instance)) return isDeepStrictEqual(one.instance, other.instance);
  if (!isMadeByNest(one) || !isMadeByNest(other)) return haveEqualStrings(one.instance, other.instance);
  if (one.metatype !== other.metatype) return false;
  // Each module has its own ModuleRef, which gives access to providers but is no state.
  if (one.token === ModuleRef) return true;
  seen.add(one);
  const [parts, others] = [dependenciesOf(one), dependenciesOf(other)];
  return (
    parts.length === others.length &&
    parts.every((part, index) => areInterchangeable(part, others[index] as Wrapper, seen))
  );
}

/** Compare strings only: counters and the like change by themselves, and factories usually set strings. */
function haveEqualStrings(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return false;
  const prototype: unknown = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other) || takesArguments(one.constructor)) return false;
  return isDeepStrictEqual(stringsIn(one), stringsIn(other));
}

function stringsIn(instance: object): readonly unknown[] {
  return Object.entries(instance).filter(([, value]) => typeof value === 'string');
}

/** True if the constructor of a class or of a base class has parameters. */
function takesArguments(type: unknown): boolean {
  if (typeof type !== 'function' || isNative(type)) return false;
  const source = sourceOf(type);
  const takes = source.startsWith('class') ? /\bconstructor\s*\(\s*[^)\s]/.test(source) : type.length > 0;
  return takes || takesArguments(Object.getPrototypeOf(type));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isPlainData(value: unknown): boolean {
  if (isObject(value)) return Array.isArray(value) || isOfNoClass(value);
  return value !== undefined && typeof value !== 'function';
}
