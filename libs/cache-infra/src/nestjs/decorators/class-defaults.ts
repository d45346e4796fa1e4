import 'reflect-metadata';

import { ValidationError } from '../../base/errors.js';
import { assertCacheDefaultsOptions, assertLegacyDecorators } from './decorator-checks.js';
import type { CacheDefaultsOptions } from './decorator-options.js';

const defaultsKey = Symbol.for('nestjs-cache-infra.defaults');

/**
 * Defaults for the cache decorators on the methods of a class; a method's own options take precedence. A subclass
 * inherits the defaults, and its own `@CacheDefaults` overrides them, for inherited methods too.
 *
 * ```ts
 * @CacheDefaults({ namespace: 'products', ttl: '5m', tags: ['products'] })
 * @Injectable()
 * export class ProductsService { … }
 * ```
 *
 * `@CacheEvict` takes only `cache`, `namespace` and `vary` from the defaults.
 *
 * @throws ValidationError when the options are invalid, or on anything but a class
 */
export function CacheDefaults(options: CacheDefaultsOptions): ClassDecorator {
  assertCacheDefaultsOptions(options);
  return (target: unknown, ...rest: readonly unknown[]) => {
    assertLegacyDecorators('@CacheDefaults()', rest[0]);
    if (typeof target !== 'function' || rest.length > 0) {
      throw new ValidationError(
        '@CacheDefaults() belongs on a class; on a method give @Cacheable() the options',
      );
    }
    Reflect.defineMetadata(defaultsKey, options, target.prototype as object);
  };
}

/** The merged defaults of the class of `prototype` and its base classes. */
export function classDefaultsOf(prototype: object): CacheDefaultsOptions {
  const inherited = Object.getPrototypeOf(prototype) as object | null;
  const own = Reflect.getOwnMetadata(defaultsKey, prototype) as CacheDefaultsOptions | undefined;
  return { ...(inherited === null ? {} : classDefaultsOf(inherited)), ...withoutUndefined(own ?? {}) };
}

function withoutUndefined<O extends object>(options: O): Partial<O> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<O>;
}

/** Merges options over those defaults of a class that `names` lists. */
export function withDefaults<O extends object>(options: O, defaults: object, names: readonly string[]): O {
  const applicable = Object.entries(defaults).filter(([name]) => names.includes(name));
  return { ...Object.fromEntries(applicable), ...withoutUndefined(options) } as O;
}
