import { performance } from 'node:perf_hooks';

import { runSafely } from '../cache/emitter.js';
import type { LoadOptions, StoreOptions } from '../cache/options.js';
import { ValidationError } from '../errors.js';
import type { MethodCall } from './decorated-method.js';
import type { CacheableOptions, StoringOptions } from './decorator-options.js';
import { isCacheTrouble, report } from './method-errors.js';
import { defaultKey, type MethodKey } from './method-key.js';

/** A text that stands as it is, a function of the arguments, or nothing: the default key. */
export type KeyOption = string | ((...args: never[]) => unknown) | undefined;

/**
 * The key of a call. Undefined, and reported once, when there is no `key` option and the arguments have no canonical
 * form (a request, a callback): such a call cannot be told from others, and runs uncached.
 *
 * @throws ValidationError when a `key` function gives something else than a non-empty text
 */
export function keyOf(call: MethodCall, option: KeyOption): string | undefined {
  const start = performance.now();
  try {
    const made = makeKey(call, option);
    tell(call, made, performance.now() - start);
    return made.key;
  } catch (error) {
    if (option !== undefined || !isCacheTrouble(error)) throw error;
    report(call.label, error);
    return undefined;
  }
}

function makeKey({ instance, method, label, args }: MethodCall, option: KeyOption): MethodKey {
  if (option === undefined) return defaultKey(Object.getPrototypeOf(instance) as object, method, args);
  const key = valueOf(option, args);
  assertText(key, label, 'key');
  return { key, inputLength: key.length };
}

export function storeOptions({ args, label }: MethodCall, options: StoringOptions): StoreOptions {
  const { ttl, l1Ttl, tags, grace, jitter, tiers, as, revive, plain } = options;
  const made = tags === undefined ? undefined : tagsOf(tags, args, label);
  return { ttl, l1Ttl, tags: made, grace, jitter, tiers, as, revive, plain };
}

/** Those that are the same at every call. */
const constantOptions = new WeakMap<CacheableOptions, LoadOptions>();

export function loadOptions(call: MethodCall, options: CacheableOptions): LoadOptions {
  const known = constantOptions.get(options);
  if (known !== undefined) return known;
  const { refreshAhead, softTimeout, hardTimeout, lock } = options;
  const made = { ...storeOptions(call, options), refreshAhead, softTimeout, hardTimeout, lock };
  if (typeof options.tags !== 'function') constantOptions.set(options, made);
  return made;
}

/** @throws ValidationError when a function gives something else than tags */
export function tagsOf(
  tags: NonNullable<StoringOptions['tags']>,
  args: readonly unknown[],
  label: string,
): readonly string[] {
  const list = valueOf(tags, args);
  if (!Array.isArray(list)) throw wrong(label, 'tags', 'a list of texts', list);
  for (const tag of list as unknown[]) assertText(tag, label, 'tags');
  return list as string[];
}

/** The value, or what the function makes of the arguments. */
export function valueOf(option: unknown, args: readonly unknown[]): unknown {
  return typeof option === 'function'
    ? (option as (...given: readonly unknown[]) => unknown)(...args)
    : option;
}

export function assertText(value: unknown, label: string, option: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw wrong(label, option, 'a non-empty text', value);
}

function wrong(label: string, option: string, wanted: string, got: unknown): ValidationError {
  const found = got === '' ? "''" : got === null ? 'null' : typeof got;
  return new ValidationError([
    { path: option, message: `${option} of ${label} must give ${wanted}, gave ${found}` },
  ]);
}

function tell({ monitor, cache, label }: MethodCall, { inputLength }: MethodKey, duration: number): void {
  if (monitor?.recordKeyGenerationTime === undefined) return;
  const record = { cache: cache.name, operation: label, duration, inputLength };
  runSafely(() => monitor.recordKeyGenerationTime?.(record));
}
