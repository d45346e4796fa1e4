import { followCalls } from '../../cache/load/calling-flight.js';
import { onRefusal } from '../../cache/observe/refusals.js';
import { CircularLoadError } from '../../base/errors.js';
import type {
  AsyncMethod,
  CacheableOptions,
  CacheMethodDecorator,
  EachOptionsFor,
  Known,
  MethodOptionsFor,
  NamedMethodDecorator,
  SingleOptions,
  UntypedMethodDecorator,
} from './decorator-options.js';
import { assertParentheses, assertCacheableOptions, cacheableDefaults } from './decorator-checks.js';
import { cachedItems } from './cached-items.js';
import { decorateMethod, type MethodCall } from './decorated-method.js';
import { isLoading, isThrown, runLoading } from './method-runs.js';
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
 * With `each`, a method of many items is cached item by item, and runs with the items that are not cached:
 *
 * ```ts
 * @Cacheable({ each: true, key: (id: string) => `product:${id}`, ttl: '5m' })
 * async findAll(ids: readonly string[]): Promise<(Product | undefined)[]> { … }
 * ```
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
  options: MethodOptionsFor<SingleOptions, M> | EachOptionsFor<M>,
): NamedMethodDecorator<M>;
export function Cacheable(options: object = {}, ...rest: readonly unknown[]): UntypedMethodDecorator {
  assertParentheses('@Cacheable', options, rest);
  const given: CacheableOptions = options;
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
    decorateMethod(decoration, descriptor, given.each === undefined ? cached : cachedItems);
  };
}

async function cached(call: MethodCall, options: CacheableOptions): Promise<unknown> {
  const given = keyOf(call, options.key);
  const variant = options.vary === undefined ? undefined : await variantOf(call, options.vary);
  const { cache } = variant ?? call;
  const key = given === undefined || variant === undefined ? given : variantKey(variant, given);
  if (key === undefined) return call.invoke();
  // This call is part of the run that loads the entry: waiting for it would deadlock.
  if (isLoading(cache, key)) return call.invoke();

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
        running = runLoading(cache, { has: (other) => other === key }, () => call.invoke());
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
