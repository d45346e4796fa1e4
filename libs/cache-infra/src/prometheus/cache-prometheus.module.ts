import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { CachePerformanceMonitor } from '../monitoring/index.js';
import { showCaches } from '../nestjs/registry/show-caches.js';
import { CachePrometheusMetrics, type CachePrometheusOptions } from './prometheus-metrics.js';

/** The options of {@link CachePrometheusMetrics}. The monitor is that of `CacheInfraModule`. */
export type CachePrometheusModuleOptions = Omit<CachePrometheusOptions, 'monitor'>;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<CachePrometheusModuleOptions>({ moduleName: 'CachePrometheus' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createCachePrometheusOptions')
    .build();

/** Shows every cache of the application from its start to its shutdown. */
@Injectable()
class CacheWatch implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly metrics: CachePrometheusMetrics,
  ) {}

  onModuleInit(): void {
    showCaches(this.moduleRef, this.metrics, 'CachePrometheusModule');
  }

  onApplicationShutdown(): void {
    this.metrics.close();
  }
}

/**
 * Shows all caches of the application to Prometheus.
 *
 * ```ts
 * imports: [CacheInfraModule.forRoot(), PrometheusModule.register(), CachePrometheusModule.forRoot()]
 * ```
 *
 * Uses the global registry of prom-client by default, which `@willsoto/nestjs-prometheus` answers `/metrics` from.
 *
 * @throws ValidationError at the start of the application without `CacheInfraModule`
 */
@Module({
  providers: [
    {
      provide: CachePrometheusMetrics,
      inject: [MODULE_OPTIONS_TOKEN, { token: CachePerformanceMonitor, optional: true }],
      useFactory: (options: CachePrometheusModuleOptions, monitor: CachePerformanceMonitor | undefined) =>
        new CachePrometheusMetrics({ ...options, monitor }),
    },
    CacheWatch,
  ],
  exports: [CachePrometheusMetrics],
})
export class CachePrometheusModule extends ConfigurableModuleClass {
  static override forRoot(options: CachePrometheusModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
