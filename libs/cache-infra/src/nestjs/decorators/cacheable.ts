import { AsyncLocalStorage } from 'node:async_hooks';

import type { Cache } from '../../cache/contract/cache.js';
import { followCalls } from '../../cache/load/calling-flight.js';
import { onRefusal } from '../../cache/observe/refusals.js';
import { CircularLoadError } from '../../base/errors.js';
import type {
  AsyncMethod,
  CacheableOptions,
  CacheMethodDecorator,
  Known,
  MethodOptionsFor,
  NamedMethodDecorator,
  UntypedMethodDecorator,
} from './decorator-options.js';
import { assertParentheses, assertCacheableOptions, cacheableDefaults } from './decorator-checks.js';
import { decorateMethod, type MethodCall } from './decorated-method.js';
import { isCacheTrouble, report } from './method-errors.js';
import { keyOf, loadOptions, verdictOn } from './method-store.js';
import { variantKey, variantOf } from './method-variant.js';

/**
 * Caches the result of a method: a call with the same key returns the stored result, and concurrent calls share one
 * run. Works on providers and controllers of any scope, and on inherited methods. An instance created with `new` runs
 * uncached.
 *
 * The method returns a promise. A method with a declared return type of Observable returns an Observable instead: each
 * subscription emits the value that the method's Observable completes with, from the cache on a hit.
 *
 * ```ts
 * @Cacheable({ key: (id: string) => `product:${id}`, ttl: '5m', tags: ['products'] })
 * async find(id: string): Promise<Product> { … }
 * ```
 *
 * The compiler checks the functions in the options against the parameters and the result of the method. To infer their
 * parameters, name the method: `@Cacheable<Products['find']>({ key: (id) => `product:${id}` })`.
 *
 * `undefined` is returned and not stored; `null` is stored. A method that throws runs once, and nothing is stored. A
 * result that cannot be stored (a function, a socket), or that would lose something (an entity with methods or
 * `@Exclude()`), is returned unchanged, and one warning is logged: name the class in `as`.
 *
 * @throws ValidationError when the options are invalid, or on anything but an instance method
 */
export function Cacheable<const O extends CacheableOptions = { readonly key?: undefined }>(
  options?: O & Known<O, CacheableOptions>,
): CacheMethodDecorator<O>;
export function Cacheable<M extends AsyncMethod = never>(
  options: MethodOptionsFor<CacheableOptions, M>,
): NamedMethodDecorator<M>;
export function Cacheable(given: CacheableOptions = {}, ...rest: readonly unknown[]): UntypedMethodDecorator {
  assertParentheses('@Cacheable', given, rest);
  assertCacheableOptions(given);
  return (target, name, descriptor) => {
    const decoration = {
      decorator: 'Cacheable',
      prototype: target,
      name,
      options: given,
      defaults: cacheableDefaults,
      hasDefaultKey: given.key === undefined,
    };
    decorateMethod(decoration, descriptor, cached);
  };
}

/** The entries that the calls leading here are loading, innermost first. */
interface Loading {
  readonly cache: Cache;
  readonly key: string;
  readonly outer: Loading | undefined;
}

const loading = new AsyncLocalStorage<Loading>();

/** Errors thrown by methods, as opposed to cache errors, for every caller that shares a run. */
const thrown = new WeakSet<object>();

async function cached(call: MethodCall, options: CacheableOptions): Promise<unknown> {
  const given = keyOf(call, options.key);
  const variant = options.vary === undefined ? undefined : await variantOf(call, options.vary);
  const { cache } = variant ?? call;
  const key = given === undefined || variant === undefined ? given : variantKey(variant, given);
  if (key === undefined) return call.invoke();
  const outer = loading.getStore();
  // This call is part of the run that loads the entry: waiting for it would deadlock.
  if (isLoading(outer, cache, key)) return call.invoke();

  // Track the calls, so that two loads that wait for each other are detected.
  followCalls();
  let running: Promise<unknown> | undefined;
  try {
    const load = loadOptions(call, options);
    return await cache.getOrSet(
      key,
      async (context) => {
        onRefusal(context, (error) => {
          report(call.label, error);
        });
        running = loading.run({ cache, key, outer }, () => marked(call));
        const value = await running;
        const { isStored, ttl, tags } = verdictOn(value, call, options);
        if (!isStored) context.skipStore();
        if (ttl !== undefined) context.ttl(ttl);
        if (tags.length > 0) context.tags(...tags);
        return value;
      },
      load,
    );
  } catch (error) {
    if (isThrown(error)) throw error;
    // The load of the entry waits for this run.
    if (error instanceof CircularLoadError) return running ?? call.invoke();
    if (!isCacheTrouble(error)) throw error;
    report(call.label, error);
    return running ?? call.invoke();
  }
}

async function marked(call: MethodCall): Promise<unknown> {
  try {
    return await call.invoke();
  } catch (error) {
    if (typeof error === 'object' && error !== null) thrown.add(error);
    throw error;
  }
}

function isThrown(error: unknown): boolean {
  return typeof error !== 'object' || error === null || thrown.has(error);
}

function isLoading(innermost: Loading | undefined, cache: Cache, key: string): boolean {
  for (let entry = innermost; entry !== undefined; entry = entry.outer) {
    if (entry.cache === cache && entry.key === key) return true;
  }
  return false;
}
