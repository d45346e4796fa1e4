import { Module, type DynamicModule } from '@nestjs/common';

import { ValidationError } from '../../base/errors.js';
import { ManualClock } from '../../base/manual-clock.js';
import { featureModule } from './feature-module.js';
import { cacheModule, optionsFrom, optionsOf } from './module-definition.js';
import type {
  CacheInfraAiOptions,
  CacheInfraAsyncOptions,
  CacheInfraFeatureOptions,
  CacheInfraModuleOptions,
  CacheInfraTestingOptions,
} from './module-options.js';
import { InjectMadeByMethod } from '../registry/tokens.js';
import { TestingClockModule } from './testing-clock.module.js';

/**
 * Caches for a Nest application. Each call of `forRoot` or `forAi` makes a cache, and one more for each of its `caches`; the
 * one without a name is what `constructor(private readonly cache: Cache)` gets, the others are injected with `@InjectCache(name)`.
 *
 * ```ts
 * imports: [CacheInfraModule.forRoot({ redisUrl, caches: { sessions: { defaultTtl: 900 } } })]
 * ```
 *
 * The application starts also when Redis is away (unless `failOnConnectionError` is true), and uses it when it comes.
 * Everything is closed by `app.close()`.
 */
@Module({})
export class CacheInfraModule {
  /** @throws ValidationError when none of the methods below has made the module */
  constructor(@InjectMadeByMethod() madeByMethod: true | undefined) {
    if (madeByMethod === true) return;
    throw new ValidationError(
      'a bare import creates no cache: write CacheInfraModule.forRoot() once in the application; other modules need no import',
      'CacheInfraModule',
    );
  }

  /** A cache by configuration, environment and preset: in memory, unless one of them says where Redis is. */
  static forRoot(options: CacheInfraModuleOptions = {}): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsOf(options), way: 'create' });
  }

  /** Like {@link forRoot}, with options from other providers. */
  static forRootAsync(options: CacheInfraAsyncOptions): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsFrom(options), way: 'create' });
  }

  /**
   * A namespace for a domain module: in the module that imports it, `Cache` (or `@InjectCache(name)`) is that namespace, and
   * decorated methods keep their entries there. Two modules cannot meet each other's keys, and one can be cleared by itself.
   *
   * ```ts
   * @Module({ imports: [CacheInfraModule.forFeature('catalogue')], providers: [ProductsService] })
   * export class CatalogueModule {}
   * ```
   */
  static forFeature(namespace: string, options: CacheInfraFeatureOptions = {}): DynamicModule {
    return featureModule(CacheInfraModule, namespace, options);
  }

  /** A cache with the defaults for AI responses, and an {@link AiCacheService} on it. */
  static forAi(options: CacheInfraAiOptions = {}): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsOf(options), way: 'createAi' });
  }

  /** Like {@link forAi}, with options from other providers. */
  static forAiAsync(options: CacheInfraAsyncOptions<Omit<CacheInfraAiOptions, 'isGlobal'>>): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsFrom(options), way: 'createAi' });
  }

  /**
   * A small, short-lived cache for tests: 60 s, 50 entries. Its time stands still until it is told to go on, unless `clock` is given:
   *
   * ```ts
   * const module = await Test.createTestingModule({ imports: [CacheInfraModule.forTesting()] }).compile();
   * module.get(ManualClock).advance('5m'); // ManualClock of nestjs-cache-infra/testing; all caches go by the same one
   * ```
   */
  static forTesting(options: CacheInfraTestingOptions = {}): DynamicModule {
    const source = optionsOf(options);
    if (options.clock !== undefined) return cacheModule(CacheInfraModule, { ...source, way: 'forTesting' });
    const { isGlobal: _, ...given } = options;
    const { imports, providers } = optionsFrom({
      imports: [TestingClockModule],
      inject: [ManualClock],
      useFactory: (clock: ManualClock) => ({ ...given, clock }),
    });
    return cacheModule(CacheInfraModule, { ...source, imports, providers, way: 'forTesting' });
  }
}
