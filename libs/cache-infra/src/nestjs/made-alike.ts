import { isDeepStrictEqual } from 'node:util';

import { ModuleRef } from '@nestjs/core';

import { isOfNoClass } from '../keys/class-shape.js';
import { dependenciesOf, isMadeByNest, type Wrapper } from './instance-origin.js';

/**
 * Whether two providers of one class give instances that nothing tells apart: the same one, or two that Nest has made of parts which are
 * alike themselves. Of two that factories have made nothing is known.
 */
export function areAlike(one: Wrapper, other: Wrapper, seen = new Set<Wrapper>()): boolean {
  if (one === other || one.instance === other.instance || seen.has(one)) return true;
  if (isPlainData(one.instance)) return isDeepStrictEqual(one.instance, other.instance);
  if (!isMadeByNest(one) || !isMadeByNest(other) || one.metatype !== other.metatype) return false;
  // Each module has its own: by it an instance can look things up, but it is no part of its state.
  if (one.token === ModuleRef) return true;
  seen.add(one);
  const [parts, others] = [dependenciesOf(one), dependenciesOf(other)];
  return (
    parts.length === others.length &&
    parts.every((part, index) => areAlike(part, others[index] as Wrapper, seen))
  );
}

function isPlainData(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) || isOfNoClass(value);
  return value !== undefined && typeof value !== 'function';
}
