import { Global, Logger, Module, type NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';

import { CacheFactory } from '../../config/cache-factory.js';
import { CachePerformanceMonitor } from '../../monitoring/performance-monitor.js';
import { AmbiguousAi } from './ambiguous-ai.js';
import { CacheContextInterceptor } from '../vary/cache-context.interceptor.js';
import { CacheHealthIndicator } from '../observe/cache-health.indicator.js';
import { CacheMonitoringInterceptor } from '../observe/cache-monitoring.interceptor.js';
import { CacheRegistry } from '../registry/cache-registry.js';
import { ContextBinding } from '../vary/context-binding.js';
import { DecoratedProviders } from '../decorators/decorated-providers.js';
import { FleetPublication } from './fleet-publication.js';
import { HttpCacheInterceptor } from '../http/adapter/http-cache.interceptor.js';
import { HttpCaches } from '../http/adapter/http-caches.js';
import { IdleRoutes } from '../http/adapter/idle-routes.js';

const shared = [
  CacheFactory,
  CachePerformanceMonitor,
  CacheRegistry,
  CacheHealthIndicator,
  CacheMonitoringInterceptor,
  CacheContextInterceptor,
  HttpCaches,
  HttpCacheInterceptor,
  FleetPublication,
];

/** The providers that all caches of an application share: one instance each, however many caches there are. */
@Global()
@Module({
  providers: [
    { provide: CacheFactory, useFactory: () => new CacheFactory({ logger: new Logger('CacheInfra') }) },
    {
      provide: CachePerformanceMonitor,
      useFactory: (factory: CacheFactory) => factory.monitor,
      inject: [CacheFactory],
    },
    CacheRegistry,
    CacheHealthIndicator,
    CacheMonitoringInterceptor,
    CacheContextInterceptor,
    DecoratedProviders,
    AmbiguousAi,
    HttpCaches,
    HttpCacheInterceptor,
    IdleRoutes,
    FleetPublication,
  ],
  exports: shared,
})
export class CacheInfraCoreModule {
  constructor(
    config: ApplicationConfig,
    moduleRef: ModuleRef,
    registry: CacheRegistry,
    interceptor: CacheContextInterceptor,
    { listening }: HttpAdapterHost,
  ) {
    // This module was loaded lazily: the routes exist already.
    if (listening) registry.hasRoutesWithoutContext = true;
    // Nest reads `intercept` of an APP_INTERCEPTOR before the providers of facts exist, so the binding is added here.
    config.addGlobalInterceptor(new ContextBinding(moduleRef, registry, interceptor) as NestInterceptor);
  }
}
