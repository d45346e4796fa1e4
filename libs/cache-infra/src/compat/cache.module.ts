import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Logger,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';

import type { Cache as InfraCache } from '../cache/contract/cache.js';
import { assertOptions, nonEmptyString, objectValue } from '../base/checks.js';
import { CacheFactory, type PreparedCache } from '../config/cache-factory.js';
import type { CacheConfig } from '../config/options.js';
import { Cache } from './cache-manager.types.js';
import { CACHE_MANAGER } from './constants.js';
import { assertNoStores, createCache, createCacheChecks, type CreateCacheOptions } from './create-cache.js';

/** Options of {@link CacheModule}. TTLS ARE MILLISECONDS. */
export interface CacheModuleOptions extends Omit<CreateCacheOptions, 'closeOnDisconnect'> {
  /**
   * Options of the module's own cache, used if `cache` is not set: Redis, sizes, compression, … Numbers here are
   * SECONDS.
   */
  config?: CacheConfig | undefined;
  /** The namespace of the cache that holds the keys. */
  namespace?: string | undefined;
}

/** Aliases for the names in `@nestjs/cache-manager`. */
export type CacheOptions = CacheModuleOptions;
export type CacheManagerOptions = CacheModuleOptions;

export interface CacheModuleExtras {
  /** True: every module can inject the cache. Default false, as in `@nestjs/cache-manager`. */
  isGlobal?: boolean | undefined;
}

/** A provider that creates the options, for `useClass` and `useExisting`. */
export interface CacheOptionsFactory {
  createCacheOptions(): CacheModuleOptions | Promise<CacheModuleOptions>;
}

export type CacheModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  CacheModuleOptions,
  'createCacheOptions'
> &
  CacheModuleExtras & {
    /** Additional providers of this module. */
    extraProviders?: Provider[] | undefined;
  };

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CacheModuleOptions>({
  moduleName: 'Cache',
})
  .setFactoryMethodName('createCacheOptions')
  .build();

export const CACHE_MODULE_OPTIONS = MODULE_OPTIONS_TOKEN;

/**
 * The underlying cache. The module connects and closes its own cache with the application, but not a cache that was
 * passed in.
 */
@Injectable()
class UnderlyingCache implements OnModuleInit, OnApplicationShutdown {
  readonly cache: InfraCache;
  readonly #own: PreparedCache | undefined;

  constructor(@Inject(MODULE_OPTIONS_TOKEN) options: CacheModuleOptions) {
    assertModuleOptions(options);
    if (options.cache === undefined) {
      const factory = new CacheFactory({ logger: new Logger('CacheModule') });
      this.#own = factory.prepare('create', { name: 'cache-manager', ...options.config });
    }
    const cache = options.cache ?? (this.#own as PreparedCache).cache;
    this.cache = options.namespace === undefined ? cache : cache.namespace(options.namespace);
  }

  async onModuleInit(): Promise<void> {
    // A cache that does not require Redis connects on first use.
    if (this.#own?.required === true) await this.#own.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#own?.cache.close();
  }
}

/**
 * The `CacheModule` of `@nestjs/cache-manager`, backed by a cache of this library: provides {@link CACHE_MANAGER} and
 * {@link Cache}. TTLS ARE MILLISECONDS.
 *
 * ```ts
 * imports: [CacheModule.register({ isGlobal: true, ttl: 60_000, config: { redisUrl } })]
 * ```
 *
 * To share the cache of `CacheInfraModule`:
 *
 * ```ts
 * CacheModule.registerAsync({ inject: [Cache], useFactory: (cache: Cache) => ({ cache, ttl: 60_000 }) })
 * ```
 */
@Module({
  providers: [
    UnderlyingCache,
    {
      provide: CACHE_MANAGER,
      inject: [UnderlyingCache, MODULE_OPTIONS_TOKEN],
      useFactory: ({ cache }: UnderlyingCache, { ttl, refreshThreshold, cacheId }: CacheModuleOptions) =>
        createCache({ cache, ttl, refreshThreshold, cacheId }),
    },
    { provide: Cache, useExisting: CACHE_MANAGER },
  ],
  exports: [CACHE_MANAGER, Cache],
})
export class CacheModule extends ConfigurableModuleClass {
  /** @throws ValidationError at application start that lists every invalid option */
  static override register({
    isGlobal,
    ...options
  }: CacheModuleOptions & CacheModuleExtras = {}): DynamicModule {
    return { global: isGlobal ?? false, ...super.register(options) };
  }

  /** Like {@link register}, with options from other providers. */
  static override registerAsync({
    isGlobal,
    extraProviders = [],
    ...options
  }: CacheModuleAsyncOptions): DynamicModule {
    const definition = super.registerAsync(options);
    return {
      global: isGlobal ?? false,
      ...definition,
      providers: [...(definition.providers ?? []), ...extraProviders],
    };
  }
}

const { closeOnDisconnect: _, ...ofCreateCache } = createCacheChecks;

const moduleChecks = {
  ...ofCreateCache,
  config: objectValue,
  namespace: nonEmptyString,
};

function assertModuleOptions(options: CacheModuleOptions): void {
  const instead = 'configure Redis (config: { redisUrl }), or pass a cache (cache: …)';
  assertNoStores('CacheModule', options, instead);
  assertOptions('CacheModule', { ...options, stores: undefined }, moduleChecks);
}
