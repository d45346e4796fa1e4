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
 * Caches for a Nest application. Each call of `forRoot` or `forAi` creates a cache, and one more for each entry of its
 * `caches`. `constructor(private readonly cache: Cache)` injects the cache without a name, `@InjectCache(name)` a named
 * one.
 *
 * ```ts
 * imports: [CacheInfraModule.forRoot({ redisUrl, caches: { sessions: { defaultTtl: 900 } } })]
 * ```
 *
 * The application also starts while Redis is unavailable (unless `failOnConnectionError` is true), and connects later.
 * `app.close()` closes every cache.
 */
@Module({})
export class CacheInfraModule {
  /** @throws ValidationError when the module was imported without one of its static methods */
  constructor(@InjectMadeByMethod() madeByMethod: true | undefined) {
    if (madeByMethod === true) return;
    throw new ValidationError(
      'a bare import creates no cache: write CacheInfraModule.forRoot() once in the application; other modules need no import',
      'CacheInfraModule',
    );
  }

  /** A cache from options, environment and preset: in memory, unless one of them sets a Redis URL. */
  static forRoot(options: CacheInfraModuleOptions = {}): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsOf(options), way: 'create' });
  }

  /** Like {@link forRoot}, with options from other providers. */
  static forRootAsync(options: CacheInfraAsyncOptions): DynamicModule {
    return cacheModule(CacheInfraModule, { ...optionsFrom(options), way: 'create' });
  }

  /**
   * A namespace for a domain module. In the module that imports it, `Cache` (or `@InjectCache(name)`) is that
   * namespace, and decorated methods keep their entries there. The keys of two modules cannot collide, and a namespace
   * can be cleared alone.
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
   * A small, short-lived cache for tests: 60 s, 50 entries, in memory unless the options name a Redis. `REDIS_URL` counts
   * only beside `REDIS_TEST_DB`, which names a database for tests. The time of the cache advances only by
   * `ManualClock.advance()`, unless `advanced.clock` is set:
   *
   * ```ts
   * const module = await Test.createTestingModule({ imports: [CacheInfraModule.forTesting()] }).compile();
   * module.get(ManualClock).advance('5m'); // ManualClock of nestjs-cache-infra/testing, shared by all caches
   * ```
   */
  static forTesting(options: CacheInfraTestingOptions = {}): DynamicModule {
    const source = optionsOf(options);
    if (options.advanced?.clock !== undefined) {
      return cacheModule(CacheInfraModule, { ...source, way: 'forTesting' });
    }
    const { isGlobal: _, ...given } = options;
    const { imports, providers } = optionsFrom({
      imports: [TestingClockModule],
      inject: [ManualClock],
      useFactory: (clock: ManualClock) => ({ ...given, advanced: { ...given.advanced, clock } }),
    });
    return cacheModule(CacheInfraModule, { ...source, imports, providers, way: 'forTesting' });
  }
}
