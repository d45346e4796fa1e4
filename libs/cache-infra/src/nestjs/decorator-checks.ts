import {
  assertOptions,
  booleanValue,
  duration,
  fraction,
  functionValue,
  nonEmptyString,
  oneOf,
  properFraction,
  timeout,
  type Check,
  type Checks,
} from '../checks.js';
import { ValidationError } from '../errors.js';
import type { CacheableOptions, CacheEvictOptions, CachePutOptions } from './decorator-options.js';

const placeholder = /\$?\{[\w.[\]]*\}/;

const textOrFunction: Check = (value) => {
  if (typeof value === 'function') return undefined;
  const problem = nonEmptyString(value);
  if (problem !== undefined) return typeof value === 'string' ? problem : 'must be a text or a function';
  return placeholder.test(value as string)
    ? 'is a literal, nothing is put in for placeholders: use a function, for example (id: string) => `product:${id}`'
    : undefined;
};

const tagsOrFunction: Check = (value) => {
  if (typeof value === 'function') return undefined;
  const fine = Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag !== '');
  return fine ? undefined : 'must be a list of non-empty texts or a function';
};

const method: Checks = {
  cache: nonEmptyString,
  namespace: nonEmptyString,
  condition: functionValue,
  key: textOrFunction,
  tags: tagsOrFunction,
};
const storing: Checks = {
  ...method,
  ttl: duration,
  l1Ttl: timeout,
  grace: duration,
  jitter: fraction,
  tiers: oneOf('both', 'l1', 'l2'),
  unless: functionValue,
};
const loading: Checks = {
  ...storing,
  refreshAhead: properFraction,
  softTimeout: duration,
  hardTimeout: timeout,
  lock: booleanValue,
};
const evicting: Checks = {
  ...method,
  pattern: textOrFunction,
  allEntries: booleanValue,
  beforeInvocation: booleanValue,
};

export function assertCacheableOptions(options: CacheableOptions): void {
  assertOptions('@Cacheable()', options, loading);
}

export function assertCachePutOptions(options: CachePutOptions): void {
  assertOptions('@CachePut()', options, storing, ['key']);
}

export function assertCacheEvictOptions(options: CacheEvictOptions): void {
  assertOptions('@CacheEvict()', options, evicting);
  const { key, tags, pattern, allEntries } = options;
  if (key === undefined && tags === undefined && pattern === undefined && allEntries !== true) {
    throw new ValidationError('nothing to evict: give key, tags, pattern or allEntries', '@CacheEvict()');
  }
}
