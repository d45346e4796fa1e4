import { ValidationError } from '../../base/errors.js';
import { assertParentheses, assertCachePutOptions, putDefaults } from './decorator-checks.js';
import type {
  AsyncMethod,
  CacheMethodDecorator,
  CachePutOptions,
  Known,
  MethodOptionsFor,
  NamedMethodDecorator,
  UntypedMethodDecorator,
} from './decorator-options.js';
import { decorateMethod, type MethodCall } from './decorated-method.js';
import { isCacheTrouble, report } from './method-errors.js';
import { keyOf, resultKeyOf, storeOptions, verdictOn } from './method-store.js';
import { variantKey, variantOf } from './method-variant.js';

/**
 * Runs the method on every call, and stores its result under `key`. `undefined` and the result of a method that throws
 * are not stored.
 *
 * ```ts
 * @CachePut({ key: (id: string) => `product:${id}` })
 * async rename(id: string, name: string): Promise<Product> { … }
 * ```
 *
 * `resultKey` makes the key from the result, for an id that the method assigns:
 *
 * ```ts
 * @CachePut({ resultKey: (order: Order) => `order:${order.id}` })
 * async create(draft: Draft): Promise<Order> { … }
 * ```
 *
 * @throws ValidationError when the options are invalid, or on anything but an instance method
 */
export function CachePut<const O extends CachePutOptions>(
  options: O & Known<O, CachePutOptions>,
): CacheMethodDecorator<O>;
export function CachePut<M extends AsyncMethod = never>(
  options: MethodOptionsFor<CachePutOptions, M>,
): NamedMethodDecorator<M>;
export function CachePut(options: CachePutOptions, ...rest: readonly unknown[]): UntypedMethodDecorator {
  assertParentheses('@CachePut', options, rest, '{ key: … }');
  assertCachePutOptions(options);
  return (target, name, descriptor) => {
    const decoration = {
      decorator: 'CachePut',
      prototype: target,
      name,
      options,
      defaults: putDefaults,
      hasDefaultKey: false,
    };
    decorateMethod(decoration, descriptor, put);
  };
}

async function put(call: MethodCall, options: CachePutOptions): Promise<unknown> {
  // Compute the key before the method runs: an invalid key must not surface after the method's work is done.
  const given = options.key === undefined ? undefined : keyOf(call, options.key);
  const variant = options.vary === undefined ? undefined : await variantOf(call, options.vary);
  const { cache } = variant ?? call;
  const store = storeOptions(call, options);
  const value = await call.invoke();
  const { isStored, ttl = store.ttl, tags } = verdictOn(value, call, options);
  if (!isStored) return value;
  const made = given ?? resultKeyOf(value, call, options.resultKey);
  const key = made === undefined || variant === undefined ? made : variantKey(variant, made);
  if (key === undefined) return value;
  try {
    await cache.set(key, value, {
      ...store,
      ttl,
      ...(tags.length === 0 ? {} : { tags: [...(store.tags ?? []), ...tags] }),
    });
  } catch (error) {
    // The method has succeeded: only errors that the application asked for (`onError: 'throw'`) may replace its result.
    if (!isCacheTrouble(error) && !(error instanceof ValidationError)) throw error;
    report(call.label, error);
  }
  return value;
}
