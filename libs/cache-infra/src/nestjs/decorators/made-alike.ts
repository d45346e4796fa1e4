import { isDeepStrictEqual } from 'node:util';

import { ModuleRef } from '@nestjs/core';

import { isNative, sourceOf } from '../../keys/class-name.js';
import { isOfNoClass } from '../../keys/class-shape.js';
import { dependenciesOf, isMadeByNest, type Wrapper } from './instance-origin.js';

/**
 * Whether two providers of one class give instances that nothing tells apart: the same one, two that Nest has made of parts which are
 * alike themselves, or two whose class is given nothing and which hold the same texts.
 */
export function areAlike(one: Wrapper, other: Wrapper, seen = new Set<Wrapper>()): boolean {
  if (one === other || one.instance === other.instance || seen.has(one)) return true;
  if (isPlainData(one.instance)) return isDeepStrictEqual(one.instance, other.instance);
  if (!isMadeByNest(one) || !isMadeByNest(other)) return areBareAlike(one.instance, other.instance);
  if (one.metatype !== other.metatype) return false;
  // Each module has its own: by it an instance can look things up, but it is no part of its state.
  if (one.token === ModuleRef) return true;
  seen.add(one);
  const [parts, others] = [dependenciesOf(one), dependenciesOf(other)];
  return (
    parts.length === others.length &&
    parts.every((part, index) => areAlike(part, others[index] as Wrapper, seen))
  );
}

/** Counters and the like go on by themselves; what a factory sets beside the constructor is a text as a rule. */
function areBareAlike(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return false;
  const prototype: unknown = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other) || takesArguments(one.constructor)) return false;
  return isDeepStrictEqual(textsIn(one), textsIn(other));
}

function textsIn(instance: object): readonly unknown[] {
  return Object.entries(instance).filter(([, value]) => typeof value === 'string');
}

/** Whether a class, or one that it extends, has a constructor with parameters. */
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
