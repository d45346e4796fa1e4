import {
  assertOptions,
  booleanValue,
  duration,
  fraction,
  functionValue,
  nonEmptyString,
  oneOf,
  optionProblems,
  positiveInteger,
  properFraction,
  valueVersion,
  type Check,
  type Checks,
} from '../../base/checks.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import { assertSchema } from '../../cache/entry/schema-check.js';
import { factName } from '../registry/cache-facts.js';
import type {
  CacheableOptions,
  CacheDefaultsOptions,
  CacheEvictOptions,
  CachePutOptions,
} from './decorator-options.js';

const placeholder = /\$?\{[\w.[\]]*\}/;

const textOrFunction: Check = (value) => {
  if (typeof value === 'function') return undefined;
  const problem = nonEmptyString(value);
  if (problem !== undefined) return typeof value === 'string' ? problem : 'must be a string or a function';
  return placeholder.test(value as string)
    ? 'is a literal, placeholders are not replaced: use a function, for example (id: string) => `product:${id}`'
    : undefined;
};

const durationOrFunction: Check = (value) => (typeof value === 'function' ? undefined : duration(value));

export const tagsOrFunction: Check = (value) => {
  if (typeof value === 'function') return undefined;
  const problem = listOfTexts(value);
  return problem === undefined || problem === literalTag ? problem : `${problem} or a function`;
};

const listOfTexts: Check = (value) => {
  const fine = Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag !== '');
  if (!fine) return 'must be a list of non-empty strings';
  return (value as readonly string[]).some((tag) => placeholder.test(tag)) ? literalTag : undefined;
};

const literalTag =
  'contains a literal, placeholders are not replaced: use a function, for example (id: string) => [`product-${id}`]';

const factNames: Check = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && factName.test(name))
    ? undefined
    : "must be a list of fact names, for example ['tenant', 'user']";

const eachValue: Check = (value) => (value === true || value === 'map' ? undefined : "must be true or 'map'");

const standardSchema: Check = (schema) => {
  try {
    assertSchema(schema);
    return undefined;
  } catch {
    return 'must be a Standard Schema (zod, valibot, arktype)';
  }
};

/** The options for the location of entries, which `@CacheDefaults` sets for every decorator. */
const place: Checks = {
  cache: nonEmptyString,
  namespace: nonEmptyString,
  vary: factNames,
};
const method: Checks = {
  ...place,
  condition: functionValue,
  key: textOrFunction,
  tags: tagsOrFunction,
};
const storing: Checks = {
  ...method,
  ttl: durationOrFunction,
  resultTags: functionValue,
  l1Ttl: duration,
  grace: duration,
  jitter: fraction,
  tiers: oneOf('both', 'l1', 'l2'),
  as: functionValue,
  revive: functionValue,
  plain: booleanValue,
  schema: standardSchema,
  version: valueVersion,
  unless: functionValue,
};
const loading: Checks = {
  ...storing,
  refreshAhead: properFraction,
  softTimeout: duration,
  hardTimeout: duration,
  lock: booleanValue,
  verify: fraction,
};
/** Options of a method whose items are cached one by one. */
const ofItems: Checks = {
  absent: oneOf('skip', 'null'),
  chunkSize: positiveInteger,
  concurrency: positiveInteger,
};
const evicting: Checks = {
  ...method,
  pattern: textOrFunction,
  resultKey: functionValue,
  resultTags: functionValue,
  allEntries: booleanValue,
  beforeInvocation: booleanValue,
  when: oneOf('now', 'commit'),
  markStale: booleanValue,
};

/** The options that each decorator takes from `@CacheDefaults`: none that select the entries of a call. */
const ofTheMethod = ['key', 'condition', 'unless', 'resultTags', 'as', 'revive', 'schema'];
export const evictDefaults: readonly string[] = Object.keys(place);
export const putDefaults = Object.keys(storing).filter((name) => !ofTheMethod.includes(name));
export const cacheableDefaults = Object.keys(loading).filter((name) => !ofTheMethod.includes(name));

const defaults: Checks = {
  ...Object.fromEntries(Object.entries(loading).filter(([name]) => cacheableDefaults.includes(name))),
  ttl: duration,
  tags: listOfTexts,
};

/**
 * Rejects a decorator without parentheses (`@Cacheable find() {}`). `rest`: the arguments after the target in that
 * case.
 *
 * @throws ValidationError with the remedy
 */
export function assertParentheses(
  decorator: string,
  target: unknown,
  [name, ...rest]: readonly unknown[],
  needed = '',
): void {
  if (name === undefined && rest.length === 0) return;
  assertLegacyDecorators(decorator, name);
  const label = `${(target as { constructor: { name: string } }).constructor.name}.${String(name)}`;
  throw new ValidationError(`${decorator} on ${label} needs parentheses: ${decorator}(${needed})`);
}

/**
 * Rejects standard (TC39) decorators, which receive a context object in place of the name.
 *
 * @throws ValidationError that names the compiler options
 */
export function assertLegacyDecorators(decorator: string, name: unknown): void {
  if (typeof name !== 'object' || name === null || !('kind' in name)) return;
  const subject = 'name' in name ? ` on ${String(name.name)}` : '';
  throw new ValidationError(
    `${decorator}${subject} is compiled as a standard decorator, which Nest does not support: set "experimentalDecorators": true and "emitDecoratorMetadata": true in the compilerOptions of tsconfig.json (in .swcrc: jsc.transform.legacyDecorator and decoratorMetadata)`,
  );
}

export function assertCacheDefaultsOptions(options: CacheDefaultsOptions): void {
  assertOptions('@CacheDefaults()', options, defaults);
}

export function assertCacheableOptions(options: CacheableOptions): void {
  assertOptions('@Cacheable()', options, { ...loading, each: eachValue, ...ofItems });
  const { each, key } = options;
  const alone = Object.keys(ofItems).filter((name) => options[name as keyof CacheableOptions] !== undefined);
  if (each === undefined && alone.length > 0) {
    const message = `${alone.join(', ')} needs each: true (or 'map'), which caches the items of a list one by one`;
    throw new ValidationError([{ path: alone[0] as string, message }], '@Cacheable()');
  }
  if (each !== undefined && typeof key === 'string') {
    const message = `key must be a function of one item with each, got '${key}': all items would share one entry`;
    throw new ValidationError([{ path: 'key', message }], '@Cacheable()');
  }
}

export function assertCachePutOptions(options: CachePutOptions): void {
  const problems = [
    ...optionProblems(options, { ...storing, resultKey: functionValue }),
    ...putKeyProblems(options),
  ];
  if (problems.length > 0) throw new ValidationError(problems, '@CachePut()');
}

function putKeyProblems({ key, resultKey }: Partial<CachePutOptions>): readonly ValidationProblem[] {
  if (key === undefined && resultKey === undefined) {
    return [{ path: 'key', message: 'key is required (or resultKey)' }];
  }
  if (key === undefined || resultKey === undefined) return [];
  return [{ path: 'resultKey', message: 'resultKey cannot be combined with key' }];
}

export function assertCacheEvictOptions(options: CacheEvictOptions): void {
  assertOptions('@CacheEvict()', options, evicting);
  const { key, tags, pattern, resultKey, resultTags, allEntries, beforeInvocation, markStale } = options;
  if ([key, tags, pattern, resultKey, resultTags].every((it) => it === undefined) && allEntries !== true) {
    throw new ValidationError('nothing to evict: give key, tags, pattern or allEntries', '@CacheEvict()');
  }
  if (markStale === true && (pattern !== undefined || allEntries === true)) {
    const message = `markStale is for keys and tags: ${pattern === undefined ? 'allEntries' : 'pattern'} removes`;
    throw new ValidationError(message, '@CacheEvict()');
  }
  if (beforeInvocation !== true || (resultKey === undefined && resultTags === undefined)) return;
  const path = resultKey === undefined ? 'resultTags' : 'resultKey';
  const message = `${path} needs the result, which beforeInvocation does not wait for`;
  throw new ValidationError([{ path, message }], '@CacheEvict()');
}
