import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { showCaches } from '../nestjs/registry/show-caches.js';
import { CacheOpenTelemetry, type CacheOpenTelemetryOptions } from './cache-open-telemetry.js';

/** The options of {@link CacheOpenTelemetry}. */
export type CacheOpenTelemetryModuleOptions = CacheOpenTelemetryOptions;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<CacheOpenTelemetryModuleOptions>({ moduleName: 'CacheOpenTelemetry' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createCacheOpenTelemetryOptions')
    .build();

/** Shows every cache of the application from its start to its shutdown. */
@Injectable()
class CacheWatch implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly telemetry: CacheOpenTelemetry,
  ) {}

  onModuleInit(): void {
    showCaches(this.moduleRef, this.telemetry, 'CacheOpenTelemetryModule');
  }

  onApplicationShutdown(): void {
    this.telemetry.close();
  }
}

/**
 * Shows all caches of the application to OpenTelemetry.
 *
 * ```ts
 * imports: [CacheInfraModule.forRoot(), CacheOpenTelemetryModule.forRoot()]
 * ```
 *
 * Uses the global providers by default: start the SDK as its manual says, before or after the application.
 *
 * @throws ValidationError at the start of the application without `CacheInfraModule`
 */
@Module({
  providers: [
    {
      provide: CacheOpenTelemetry,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: CacheOpenTelemetryModuleOptions) => new CacheOpenTelemetry(options),
    },
    CacheWatch,
  ],
  exports: [CacheOpenTelemetry],
})
export class CacheOpenTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: CacheOpenTelemetryModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
