import type { DynamicModule, Type } from '@nestjs/common';

import type { Cache } from '../../cache/contract/cache.js';
import { nonEmptyString } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import { CacheInfraCoreModule } from './cache-infra-core.module.js';
import { missingCache, namespaceOf } from '../decorators/cache-lookup.js';
import { CacheRegistry } from '../registry/cache-registry.js';
import type { CacheInfraFeatureOptions } from './module-options.js';
import {
  defaultCacheName,
  featureToken,
  getCacheToken,
  madeByMethod,
  getWholeCacheToken,
} from '../registry/tokens.js';

/** The module of `forFeature`: provides a namespace of a cache under the token of the cache. */
export function featureModule(
  module: Type,
  namespace: string,
  { cache: name = defaultCacheName, imports = [] }: CacheInfraFeatureOptions,
): DynamicModule {
  const call = `forFeature('${namespace}')`;
  const problem = nonEmptyString(namespace);
  if (problem !== undefined) throw new ValidationError(`namespace ${problem}`, 'CacheInfraModule.forFeature');
  const token = getCacheToken(name);
  return {
    module,
    imports: [CacheInfraCoreModule, ...imports],
    providers: [
      madeByMethod,
      { provide: featureToken, useValue: { cache: name, namespace } },
      {
        provide: token,
        inject: [{ token: getWholeCacheToken(name), optional: true }, CacheRegistry],
        useFactory: (cache: Cache | undefined, registry: CacheRegistry) => {
          if (cache !== undefined) return namespaceOf(cache, namespace);
          const { message } = missingCache(name, call, registry.names());
          const words = `${message}. A cache that is not global must be imported: ${call.slice(0, -1)}, { imports: [...] })`;
          throw new ValidationError([{ path: 'cache', message: words }], 'CacheInfraModule');
        },
      },
    ],
    exports: [featureToken, token],
  };
}
