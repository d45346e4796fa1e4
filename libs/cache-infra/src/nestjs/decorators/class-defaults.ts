import 'reflect-metadata';

import { ValidationError } from '../../base/errors.js';
import { assertCacheDefaultsOptions, assertLegacyDecorators } from './decorator-checks.js';
import type { CacheDefaultsOptions } from './decorator-options.js';

const defaultsKey = Symbol.for('nestjs-cache-infra.defaults');

/**
 * Defaults for the cache decorators on the methods of a class: what a method gives itself wins. A subclass inherits them, and
 * what its own `@CacheDefaults` says wins over what it inherits, for inherited methods too.
 *
 * ```ts
 * @CacheDefaults({ namespace: 'products', ttl: '5m', tags: ['products'] })
 * @Injectable()
 * export class ProductsService { … }
 * ```
 *
 * `@CacheEvict` takes from it where entries stand (`cache`, `namespace`, `vary`), never what to evict.
 *
 * @throws ValidationError when the options are wrong, or on anything but a class
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

/** What the classes from the base down to that of `prototype` say. */
export function classDefaultsOf(prototype: object): CacheDefaultsOptions {
  const inherited = Object.getPrototypeOf(prototype) as object | null;
  const own = Reflect.getOwnMetadata(defaultsKey, prototype) as CacheDefaultsOptions | undefined;
  return { ...(inherited === null ? {} : classDefaultsOf(inherited)), ...withoutUndefined(own ?? {}) };
}

function withoutUndefined<O extends object>(options: O): Partial<O> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<O>;
}

/** Options over the defaults of a class, of which `names` apply. */
export function withDefaults<O extends object>(options: O, defaults: object, names: readonly string[]): O {
  const applicable = Object.entries(defaults).filter(([name]) => names.includes(name));
  return { ...Object.fromEntries(applicable), ...withoutUndefined(options) } as O;
}
