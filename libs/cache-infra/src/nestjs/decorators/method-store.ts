import { performance } from 'node:perf_hooks';

import { runSafely } from '../../cache/observe/emitter.js';
import type { LoadOptions, StoreOptions, Ttl } from '../../cache/contract/options.js';
import { duration } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import type { MethodCall } from './decorated-method.js';
import type { CacheableOptions, CachePutOptions, StoringOptions } from './decorator-options.js';
import { isCacheTrouble, report, reportOption, warnOnce } from './method-errors.js';
import { defaultKey, type MethodKey } from './method-key.js';

/** A constant key, a function of the arguments, or undefined for the default key. */
export type KeyOption = string | ((...args: never[]) => unknown) | undefined;

/**
 * The key of a call. Undefined, and reported once, when there is no `key` option and the arguments have no canonical
 * form (a request, a callback): the call runs uncached.
 *
 * @throws ValidationError when a `key` function returns something other than a non-empty string
 */
export function keyOf(call: MethodCall, option: KeyOption): string | undefined {
  const start = performance.now();
  try {
    const made = makeKey(call, option);
    recordKey(call, made, performance.now() - start);
    return made.key;
  } catch (error) {
    if (option !== undefined || !isCacheTrouble(error)) throw error;
    report(call.label, error);
    return undefined;
  }
}

function makeKey(call: MethodCall, option: KeyOption): MethodKey {
  const { instance, method, label, args } = call;
  if (option === undefined) return defaultKey(Object.getPrototypeOf(instance) as object, method, args);
  const key = valueOf(option, call);
  assertText(key, label, 'key');
  warnOfGap(key, call, 'key');
  return { key, inputLength: key.length };
}

/**
 * The key that a function makes from the result. Undefined, and reported once, if it throws or returns something other
 * than a non-empty string: the result is returned but not stored.
 */
export function resultKeyOf(
  value: unknown,
  call: MethodCall,
  option: CachePutOptions['resultKey'],
): string | undefined {
  const ofResult = { ...call, args: [value, ...call.args] };
  const start = performance.now();
  try {
    const key = valueOf(option, ofResult);
    assertText(key, call.label, 'resultKey');
    warnOfGap(key, call, 'resultKey');
    recordKey(call, { key, inputLength: key.length }, performance.now() - start);
    return key;
  } catch (error) {
    reportOption(call.label, error);
    return undefined;
  }
}

/** The storing options that are known before the method runs. */
export function storeOptions(call: MethodCall, options: StoringOptions): StoreOptions {
  const { ttl, l1Ttl, tags, grace, jitter, tiers, as, revive, plain, schema, version } = options;
  const made = tags === undefined ? undefined : tagsOf(tags, call, 'tags');
  const life = typeof ttl === 'function' ? undefined : ttl;
  return { ttl: life, l1Ttl, tags: made, grace, jitter, tiers, as, revive, plain, schema, version };
}

/** The storing decisions that depend on the result. */
export interface Verdict {
  readonly isStored: boolean;
  /** Undefined if `ttl` is not a function or returned undefined. */
  readonly ttl: Ttl | undefined;
  readonly tags: readonly string[];
}

const refused: Verdict = { isStored: false, ttl: undefined, tags: [] };
const asGiven: Verdict = { isStored: true, ttl: undefined, tags: [] };

/**
 * Evaluates `unless`, `ttl` and `resultTags` for a result. Never throws: if one of them throws, the result is returned
 * but not stored.
 */
export function verdictOn(value: unknown, call: MethodCall, options: StoringOptions): Verdict {
  if (value === undefined) return refused;
  const { unless, ttl, resultTags } = options;
  if (unless === undefined && resultTags === undefined && typeof ttl !== 'function') return asGiven;
  const ofResult = { ...call, args: [value, ...call.args] };
  try {
    if (unless !== undefined && valueOf(unless, ofResult) === true) return refused;
    return {
      isStored: true,
      ttl: typeof ttl === 'function' ? lifeOf(valueOf(ttl, ofResult), call.label) : undefined,
      tags: resultTags === undefined ? [] : tagsOf(resultTags, ofResult, 'resultTags'),
    };
  } catch (error) {
    reportOption(call.label, error);
    return refused;
  }
}

function lifeOf(ttl: unknown, label: string): Ttl | undefined {
  const problem = ttl === undefined ? undefined : duration(ttl);
  if (problem === undefined) return ttl as Ttl | undefined;
  throw new ValidationError([{ path: 'ttl', message: `ttl of ${label} ${problem}` }]);
}

/** Options that are equal for every call, built once. */
const constantOptions = new WeakMap<CacheableOptions, LoadOptions>();

export function loadOptions(call: MethodCall, options: CacheableOptions): LoadOptions {
  const known = constantOptions.get(options);
  if (known !== undefined) return known;
  const { refreshAhead, softTimeout, hardTimeout, lock, verify } = options;
  const made = { ...storeOptions(call, options), refreshAhead, softTimeout, hardTimeout, lock, verify };
  if (typeof options.tags !== 'function') constantOptions.set(options, made);
  return made;
}

/** @throws ValidationError when a function returns something other than a list of tags */
export function tagsOf(
  tags: NonNullable<StoringOptions['tags'] | StoringOptions['resultTags']>,
  call: OptionCall,
  option: string,
): readonly string[] {
  const list = valueOf(tags, call);
  if (!Array.isArray(list)) throw wrong(call.label, option, 'a list of strings', list);
  for (const tag of list as unknown[]) {
    assertText(tag, call.label, option);
    if (typeof tags === 'function') warnOfGap(tag, call, option);
  }
  return list as string[];
}

/** The receiver and arguments of a function in the options. */
export type OptionCall = Pick<MethodCall, 'instance' | 'args' | 'label'>;

/** The option's value, or its function's result, with the instance as `this`. */
export function valueOf(option: unknown, { instance, args }: OptionCall): unknown {
  return typeof option === 'function' ? Reflect.apply(option, instance, args) : option;
}

/** The traces of a missing value, or of an object, in a string. */
const gap =
  /(?:^|[^\p{L}\p{N}])(?:undefined|NaN)(?:[:/|]|$)|(?:^|[:/|=])null(?:[:/|]|$)|\[object [A-Z]\w*\]/u;

/** Warns once about a key, pattern or tag that was built from a missing value: every such call shares it. */
export function warnOfGap(text: string, { label }: OptionCall, option: string): void {
  const [found] = gap.exec(text) ?? [];
  if (found === undefined) return;
  const what = found.replace(/^[^\p{L}[]+|[:/|]$/gu, '');
  const words = `${option} of ${label} returned a string containing '${what}': all calls with such a value share one entry. Build the string from defined values, or set a condition`;
  warnOnce(label, `gap in ${option}`, words);
}

export function assertText(value: unknown, label: string, option: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw wrong(label, option, 'a non-empty string', value);
}

function wrong(label: string, option: string, wanted: string, got: unknown): ValidationError {
  const found = got === '' ? "''" : got === null ? 'null' : typeof got;
  return new ValidationError([
    { path: option, message: `${option} of ${label} must return ${wanted}, returned ${found}` },
  ]);
}

function recordKey(
  { monitor, cache, label }: MethodCall,
  { inputLength }: MethodKey,
  duration: number,
): void {
  if (monitor?.recordKeyGenerationTime === undefined) return;
  const record = { cache: cache.name, operation: label, duration, inputLength };
  runSafely(() => monitor.recordKeyGenerationTime?.(record));
}
